namespace Dpfah.Learning.Figures;

/// <summary>mAP against a weight of the loss, one curve per code length (Figs. 4 and 5 of the paper).</summary>
/// <remarks>The tested values stand at equal distances, whatever lies between them.</remarks>
/// <param name="parameter">Name of the weight, such as "η (weight of the quantization loss)".</param>
/// <param name="curves">One a code length: value of the weight as x, mAP in [0, 1] as y.</param>
/// <param name="title">Above the figure; none if null.</param>
/// <exception cref="ArgumentException">A value lies outside [0, 1].</exception>
public sealed class SensitivityFigure(string parameter, IReadOnlyList<Curve> curves, string? title = null)
    : CurveFigure(title, PanelOf(parameter, curves))
{
    private static Panel PanelOf(string parameter, IReadOnlyList<Curve> curves)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(parameter);
        ArgumentNullException.ThrowIfNull(curves);
        foreach (Curve curve in curves)
        {
            curve.ThrowUnlessShares("A mean average precision");
        }

        double[] tested = [.. curves.SelectMany(curve => curve.X).Distinct().Order()];
        Curve[] placed = [.. curves.Select(curve => new Curve(curve.Name, [.. curve.X.Select(Place)], curve.Y))];
        return new Panel(parameter, "mAP (share, 0 to 1)", placed)
        {
            XTicks = [.. tested.Select(value => (Place(value), $"{value}"))],
            Markers = int.MaxValue,
        };

        double Place(double value) => Array.BinarySearch(tested, value);
    }
}
