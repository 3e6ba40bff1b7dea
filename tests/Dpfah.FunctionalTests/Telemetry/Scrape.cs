using System.Globalization;
using System.Text.RegularExpressions;

namespace Dpfah.FunctionalTests.Telemetry;

/// <summary>An answer of <c>/metrics</c>, read as Prometheus reads it.</summary>
internal sealed partial class Scrape
{
    private Scrape(IReadOnlyList<Series> series) => All = series;

    /// <summary>All series.</summary>
    public IReadOnlyList<Series> All { get; }

    /// <summary>Reads the text.</summary>
    public static Scrape Parse(string text) => new([.. text.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => Line().Match(line) is { Success: true } match ? Read(match) : throw new FormatException($"No line of metrics: {line}"))]);

    /// <summary>Series of a name that have some labels.</summary>
    public IEnumerable<Series> Of(string name, params (string Label, string Value)[] labels) =>
        All.Where(series => series.Name == name && labels.All(label => series.Labels.GetValueOrDefault(label.Label) == label.Value));

    /// <summary>Sum of the values of such series; 0 when there is none.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => Of(name, labels).Sum(series => series.Value);

    private static Series Read(Match match) => new(
        match.Groups["name"].Value,
        Label().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
        double.Parse(match.Groups["value"].Value.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})? (?<value>\S+)( \d+)?$""")]
    private static partial Regex Line();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?""")]
    private static partial Regex Label();

    /// <summary>A series and its value.</summary>
    internal sealed record Series(string Name, IReadOnlyDictionary<string, string> Labels, double Value);
}
