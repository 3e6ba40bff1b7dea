using ScottPlot;

namespace Dpfah.Learning.Figures;

/// <summary>How a curve looks: colour, pattern and marker differ together, so that any one of them tells it apart.</summary>
/// <param name="Color">Of line and marker.</param>
/// <param name="Dashes">Lengths of dash and gap in units; empty for a solid line.</param>
/// <param name="Marker">Shape at the points.</param>
/// <param name="Hollow">Whether the shape is white inside.</param>
/// <param name="Emphasised">Whether the line is thicker than the others and lies on top.</param>
internal sealed record CurveStyle(
    Color Color, IReadOnlyList<float> Dashes, MarkerShape Marker, bool Hollow = false, bool Emphasised = false)
{
    private const string EmphasisedMethod = "DPFAH";
    private const float OutlineWidth = 1.6f;
    private static readonly float[] Dashed = [8, 4];
    private static readonly float[] Dotted = [2, 3];
    private static readonly float[] DashDotted = [9, 3, 2, 3];

    // Colours after Okabe and Ito (2008) and Tol (2021), which stay apart under the common kinds of colour blindness.
    private static readonly Dictionary<string, CurveStyle> Methods = new(StringComparer.Ordinal)
    {
        [EmphasisedMethod] = new(Color.FromHex("#D55E00"), [], MarkerShape.FilledCircle, Emphasised: true),
        ["DBDH"] = new(Color.FromHex("#332288"), Dashed, MarkerShape.FilledSquare, Hollow: true),
        ["DSDH"] = new(Color.FromHex("#117733"), [], MarkerShape.FilledTriangleUp),
        ["DHN"] = new(Color.FromHex("#56B4E9"), DashDotted, MarkerShape.FilledDiamond),
        ["HashNet"] = new(Color.FromHex("#AA4499"), Dotted, MarkerShape.FilledCircle, Hollow: true),
        ["DSH"] = new(Color.FromHex("#999933"), Dashed, MarkerShape.FilledTriangleDown),
        ["DFH"] = new(Color.FromHex("#44AA99"), [], MarkerShape.FilledDiamond, Hollow: true),
        ["IDHN"] = new(Color.FromHex("#882255"), DashDotted, MarkerShape.FilledTriangleUp, Hollow: true),
        ["LCDSH"] = new(Color.FromHex("#DDAA33"), [], MarkerShape.FilledSquare),
        ["ITQ"] = new(Color.FromHex("#555555"), Dashed, MarkerShape.Cross),
        ["LSH"] = new(Color.FromHex("#999999"), Dotted, MarkerShape.Eks),
    };

    /// <summary>Names of the methods that always look the same, in the order of a full legend.</summary>
    public static IReadOnlyList<string> KnownMethods { get; } = [.. Methods.Keys];

    /// <summary>Thickness of the line in units.</summary>
    public float LineWidth => Emphasised ? 3 : 1.6f;

    /// <summary>Size of the marker in units.</summary>
    public float MarkerSize => Emphasised ? 8 : 7;

    /// <summary>The marker, in a form that ScottPlot draws.</summary>
    public MarkerStyle MarkerStyle() => new(Marker, MarkerSize, Color)
    {
        FillColor = Hollow ? Colors.White : Color,
        LineColor = Color,
        LineWidth = OutlineWidth,
        OutlineColor = Color,
        OutlineWidth = OutlineWidth,
    };

    /// <summary>The style of each curve: a method has its own, any other curve the next that is free.</summary>
    /// <param name="names">Names of the curves of one figure; a variant such as "DPFAH (all parts)" is emphasised as DPFAH is.</param>
    /// <returns>As many styles; beyond eleven curves they repeat.</returns>
    public static IReadOnlyList<CurveStyle> Of(IReadOnlyList<string> names)
    {
        string?[] methods = [.. names.Select(Method)];
        CurveStyle[] free = [.. Methods
            .Where(method => method.Key != EmphasisedMethod && !methods.Contains(method.Key))
            .Select(method => method.Value)];
        if (free.Length == 0)
        {
            free = [.. Methods.Values];
        }

        int next = 0;
        return [.. methods.Select(method => method is null ? free[next++ % free.Length] : Methods[method])];
    }

    private static string? Method(string name) =>
        Methods.ContainsKey(name) ? name
        : name.StartsWith(EmphasisedMethod + " ", StringComparison.Ordinal) ? EmphasisedMethod
        : null;
}
