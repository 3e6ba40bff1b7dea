namespace Dpfah.Learning.Figures;

/// <summary>P@N against N (Figs. 12 to 14 of the paper).</summary>
/// <param name="curves">One a method: N as x, usually 1 to 1,000, P@N in [0, 1] as y.</param>
/// <param name="title">Above the figure; none if null.</param>
/// <exception cref="ArgumentException">A value lies outside [0, 1].</exception>
public sealed class PrecisionAtNFigure(IReadOnlyList<Curve> curves, string? title = null)
    : CurveFigure(title, PanelOf(curves))
{
    internal static Panel PanelOf(IReadOnlyList<Curve> curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        foreach (Curve curve in curves)
        {
            curve.ThrowUnlessShares("A precision");
        }

        double last = curves.SelectMany(curve => curve.X).DefaultIfEmpty(1).Max();
        return new Panel("N (pictures returned)", "P@N (share, 0 to 1)", curves) { XRange = (0, Math.Max(last, 1)), WholeX = true };
    }
}
