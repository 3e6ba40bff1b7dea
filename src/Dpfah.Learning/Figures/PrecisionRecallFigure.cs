namespace Dpfah.Learning.Figures;

/// <summary>Precision against recall (Figs. 8 to 10 of the paper).</summary>
/// <param name="curves">One a method: recall as x, precision as y, both in [0, 1].</param>
/// <param name="by">What leads from point to point.</param>
/// <param name="title">Above the figure; none if null.</param>
/// <exception cref="ArgumentException">A value lies outside [0, 1].</exception>
public sealed class PrecisionRecallFigure(IReadOnlyList<Curve> curves, RecallBy by, string? title = null)
    : CurveFigure(title, PanelOf(curves, by))
{
    internal static Panel PanelOf(IReadOnlyList<Curve> curves, RecallBy by)
    {
        ArgumentNullException.ThrowIfNull(curves);
        foreach (Curve curve in curves)
        {
            curve.ThrowUnlessShares("A precision");
            new Curve(curve.Name, curve.Y, curve.X).ThrowUnlessShares("A recall");
        }

        string points = by == RecallBy.Rank ? "each length of the list" : "each Hamming radius";
        return new Panel($"recall at {points} (share, 0 to 1)", "precision (share, 0 to 1)", curves)
        {
            XRange = (0, 1),
            YRange = (0, 1),
            Markers = by == RecallBy.Rank ? 11 : 21,
        };
    }
}
