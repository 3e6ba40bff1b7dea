namespace Dpfah.Learning.Figures;

/// <summary>Precision within Hamming radius 2 against the code length (Fig. 11 of the paper).</summary>
/// <param name="curves">One a method: bits as x, P@H≤2 in [0, 1] as y.</param>
/// <param name="title">Above the figure; none if null.</param>
/// <exception cref="ArgumentException">A value lies outside [0, 1].</exception>
public sealed class PrecisionInBallFigure(IReadOnlyList<Curve> curves, string? title = null)
    : CurveFigure(title, PanelOf(curves))
{
    private static Panel PanelOf(IReadOnlyList<Curve> curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        foreach (Curve curve in curves)
        {
            curve.ThrowUnlessShares("A precision");
        }

        return new Panel("code length (bits)", "P@H≤2 (share, 0 to 1)", curves)
        {
            XTicks = [.. curves.SelectMany(curve => curve.X).Distinct().Order().Select(bits => (bits, $"{bits}"))],
            Markers = int.MaxValue,
        };
    }
}
