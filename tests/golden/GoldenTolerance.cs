using System.Globalization;
using System.Text.RegularExpressions;

namespace Dpfah.Golden;

/// <summary>The tolerances that the README of the reference values suggests, as it has them.</summary>
internal static partial class GoldenTolerance
{
    private static readonly Match Sentence = Suggested().Match(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "README.md")));

    /// <summary>Of float64, relative.</summary>
    public static double Float64 { get; } = Number("float64");

    /// <summary>Of float32, for losses and the attention.</summary>
    public static double Float32 { get; } = Number("float32");

    /// <summary>Of float32, for the whole network.</summary>
    public static double Float32Network { get; } = Number("network");

    private static double Number(string group) => Sentence.Success
        ? double.Parse(Sentence.Groups[group].Value, CultureInfo.InvariantCulture)
        : throw new InvalidDataException("golden/README.md suggests no tolerances in the words that are looked for.");

    [GeneratedRegex(@"float64 (?<float64>\S+) relative; float32 (?<float32>\S+) \(losses, PFA\) and (?<network>\S+) \(network\)")]
    private static partial Regex Suggested();
}
