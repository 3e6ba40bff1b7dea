namespace Dpfah.Learning.Figures;

/// <summary>How a training went: the parts of the loss and the mAP on the validation pictures, epoch by epoch.</summary>
/// <param name="losses">One a part, such as L1, η L2, ζ L3 and their sum: epoch as x, mean over the epoch as y.</param>
/// <param name="validation">One a training or method: epoch as x, mAP in [0, 1] as y.</param>
/// <param name="title">Above the figure; none if null.</param>
/// <exception cref="ArgumentException">A value of <paramref name="validation"/> lies outside [0, 1].</exception>
public sealed class TrainingFigure(IReadOnlyList<Curve> losses, IReadOnlyList<Curve> validation, string? title = null)
    : CurveFigure(title, LossPanel(losses), ValidationPanel(validation))
{
    private static Panel LossPanel(IReadOnlyList<Curve> losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        return new Panel("epoch", "loss (mean over the epoch)", losses) { WholeX = true };
    }

    private static Panel ValidationPanel(IReadOnlyList<Curve> validation)
    {
        ArgumentNullException.ThrowIfNull(validation);
        foreach (Curve curve in validation)
        {
            curve.ThrowUnlessShares("A mAP");
        }

        return new Panel("epoch", "mAP on validation (share, 0 to 1)", validation) { WholeX = true };
    }
}
