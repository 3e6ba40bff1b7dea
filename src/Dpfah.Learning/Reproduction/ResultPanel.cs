using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Evaluation;

namespace Dpfah.Learning.Reproduction;

/// <summary>What pictures of results and of codes need, without the model: codes of the queries, and the first results of some.</summary>
/// <param name="QueryCodes">Codes of all queries, in hex of their bytes.</param>
/// <param name="QueryClasses">First class of each query.</param>
/// <param name="Rows">The first query of each of eight classes with its results.</param>
public sealed record ResultPanel(IReadOnlyList<string> QueryCodes, IReadOnlyList<int> QueryClasses, IReadOnlyList<PanelRow> Rows)
{
    private const int Queries = 8;
    private const int Results = 10;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Takes what is needed of an evaluation.</summary>
    public static ResultPanel Of(EvaluationSplit split, EncodedPictures queries, EncodedPictures database)
    {
        BinaryCode[] codes = [.. Enumerable.Range(0, database.Codes.Count).Select(i => database.Codes.Codes[i])];
        int[] classes = [.. Enumerable.Range(0, split.Queries.Count).Select(i => split.Queries.LabelsOf(i)[0])];
        int[] shown = [.. Enumerable.Range(0, classes.Length).GroupBy(i => classes[i]).OrderBy(g => g.Key).Select(g => g.First()).Take(Queries)];
        return new ResultPanel(
            [.. Enumerable.Range(0, queries.Codes.Count).Select(i => queries.Codes.Codes[i].ToString())],
            classes,
            [
                .. shown.Select(query => new PanelRow(query, [
                    .. HammingRanking.Order(queries.Codes.Codes[query], codes).Take(Results)
                        .Select(hit => new PanelHit(hit, queries.Codes.Labels.Share(query, database.Codes.Labels, hit))),
                ])),
            ]);
    }

    /// <summary>The panel as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a panel.</summary>
    /// <exception cref="JsonException">Not the JSON of a panel.</exception>
    public static ResultPanel FromJson(string json) => JsonSerializer.Deserialize<ResultPanel>(json, Json) ?? throw new JsonException("The panel is null.");
}

/// <summary>A query and its first results.</summary>
/// <param name="Query">Position in the query split.</param>
/// <param name="Hits">The results, nearest first.</param>
public sealed record PanelRow(int Query, IReadOnlyList<PanelHit> Hits);

/// <summary>A result.</summary>
/// <param name="Position">Position in the database split.</param>
/// <param name="Relevant">Whether it shares a label with the query.</param>
public sealed record PanelHit(int Position, bool Relevant);
