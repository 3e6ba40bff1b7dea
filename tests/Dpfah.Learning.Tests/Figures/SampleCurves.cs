using Dpfah.Learning.Figures;

namespace Dpfah.Learning.Tests.Figures;

/// <summary>Curves of the shapes that methods have.</summary>
internal static class SampleCurves
{
    public static IReadOnlyList<string> Methods => CurveStyle.KnownMethods;

    /// <summary>Recall and precision of each method, at a number of points.</summary>
    public static IReadOnlyList<Curve> PrecisionRecall(IReadOnlyList<string> names, int points) =>
        [.. names.Select((name, m) => Of(name, Recalls(points), recall => Quality(m) * (1 - (0.8 * Math.Pow(recall, 4 + m)))))];

    /// <summary>P@N of each method, N from 1 to <paramref name="last"/>.</summary>
    public static IReadOnlyList<Curve> PrecisionAtN(IReadOnlyList<string> names, int last) =>
        [.. names.Select((name, m) =>
            Of(name, [.. Enumerable.Range(1, last).Select(n => (double)n)], n => Quality(m) / (1 + (0.02 * Math.Log(n)))))];

    /// <summary>One value of each method at a few places.</summary>
    public static IReadOnlyList<Curve> At(IReadOnlyList<string> names, params double[] places) =>
        [.. names.Select((name, m) => Of(name, places, place => Quality(m) - (0.002 * Math.Abs(place - places[1]))))];

    private static double[] Recalls(int points) => [.. Enumerable.Range(1, points).Select(i => (double)i / points)];

    private static double Quality(int m) => 0.9 - (0.06 * m);

    private static Curve Of(string name, double[] x, Func<double, double> y) => new(name, x, [.. x.Select(y)]);
}
