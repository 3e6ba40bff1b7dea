using System.Text.Json;
using System.Text.RegularExpressions;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Telemetry;

/// <summary>What the dashboard in <c>deploy/grafana</c> asks Prometheus for.</summary>
internal sealed partial class Dashboard
{
    // Prometheus puts these to each series; 'le' belongs to the buckets of a histogram.
    private static readonly string[] OfPrometheus = ["job", "instance", "le"];

    private Dashboard(IReadOnlyList<Query> queries) => Queries = queries;

    /// <summary>Its queries.</summary>
    public IReadOnlyList<Query> Queries { get; }

    /// <summary>Reads the file.</summary>
    public static Dashboard Load()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("deploy/grafana/dpfah.json")));
        var queries = new List<Query>();
        foreach (JsonElement panel in file.RootElement.GetProperty("panels").EnumerateArray())
        {
            foreach (JsonElement target in panel.TryGetProperty("targets", out JsonElement targets) ? [.. targets.EnumerateArray()] : Array.Empty<JsonElement>())
            {
                queries.Add(Read(panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!));
            }
        }

        foreach (JsonElement variable in file.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray())
        {
            if (variable.GetProperty("type").GetString() == "query")
            {
                queries.Add(Read($"variable {variable.GetProperty("name")}", variable.GetProperty("query").GetString()!));
            }
        }

        return new Dashboard(queries);
    }

    private static Query Read(string panel, string expression)
    {
        var labels = new HashSet<string>();
        foreach (Match selector in Selector().Matches(expression))
        {
            labels.UnionWith(Label().Matches(selector.Groups["labels"].Value).Select(label => label.Groups[1].Value));
        }

        foreach (Match by in Grouping().Matches(expression))
        {
            labels.UnionWith(by.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries));
        }

        labels.ExceptWith(OfPrometheus);
        IEnumerable<string> named = NamedAlone().Matches(expression).Select(match => match.Groups[1].Value);
        return new Query(panel, expression, [.. Selector().Matches(expression).Select(m => m.Groups["name"].Value).Concat(named).Distinct()], labels);
    }

    [GeneratedRegex("""(?<name>[a-z][a-z0-9_]*)\{(?<labels>[^}]*)\}""")]
    private static partial Regex Selector();

    [GeneratedRegex("""([a-z_]+)\s*=~?""")]
    private static partial Regex Label();

    [GeneratedRegex("""\bby \(([^)]*)\)""")]
    private static partial Regex Grouping();

    [GeneratedRegex("""label_values\(([a-z][a-z0-9_]*),""")]
    private static partial Regex NamedAlone();

    /// <summary>A query.</summary>
    /// <param name="Panel">Title of its panel.</param>
    /// <param name="Expression">The query.</param>
    /// <param name="Metrics">Names of metrics in it.</param>
    /// <param name="Labels">Names of labels in it.</param>
    internal sealed record Query(string Panel, string Expression, IReadOnlyList<string> Metrics, IReadOnlySet<string> Labels);
}
