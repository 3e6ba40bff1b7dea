namespace Dpfah.Learning.Figures;

/// <summary>What each part of the method adds: precision-recall curve and P@N side by side (Fig. 6 of the paper).</summary>
/// <param name="precisionRecall">One a variant: recall as x, precision as y.</param>
/// <param name="precisionAtN">The same variants: N as x, P@N as y.</param>
/// <param name="by">What leads from point to point of the precision-recall curves.</param>
/// <param name="title">Above the figure; none if null.</param>
/// <exception cref="ArgumentException">A value lies outside [0, 1].</exception>
public sealed class AblationFigure(
    IReadOnlyList<Curve> precisionRecall, IReadOnlyList<Curve> precisionAtN, RecallBy by = RecallBy.Rank, string? title = null)
    : CurveFigure(title, PrecisionRecallFigure.PanelOf(precisionRecall, by), PrecisionAtNFigure.PanelOf(precisionAtN))
{
}
