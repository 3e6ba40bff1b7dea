using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Engine.Evaluations;

/// <summary>Chooses what figures show.</summary>
internal static class FigureData
{
    /// <summary>Queries whose codes are drawn.</summary>
    public const int EmbeddedQueries = 500;

    private const int ShownQueries = 8;
    private const int ShownHits = 10;
    private const string Unlabelled = "no label";

    /// <summary>All but the previews.</summary>
    public static MeasuredModel Of(string title, EvaluationSides sides, RetrievalResult retrieval)
    {
        int embedded = Math.Min(sides.Queries.Count, EmbeddedQueries);
        BinaryCode[] database = [.. Enumerable.Range(0, sides.Database.Count).Select(i => sides.DatabaseCodes.Codes[i])];

        // The first query of each of eight labels.
        int[] shown =
        [
            .. Enumerable.Range(0, sides.Queries.Count).GroupBy(query => LabelOf(sides.Queries[query]))
                .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.First()).Take(ShownQueries),
        ];
        return new MeasuredModel(
            title,
            retrieval.Ranking,
            [.. Enumerable.Range(0, embedded).Select(query => sides.QueryCodes.Codes[query])],
            [.. sides.Queries.Take(embedded).Select(picture => (picture.Id, LabelOf(picture)))],
            [.. shown.Select(query => new ShownQuery(sides.Queries[query].Id, sides.Queries[query].Labels, [], Hits(query)))]);

        ShownHit[] Hits(int query)
        {
            BinaryCode code = sides.QueryCodes.Codes[query];
            return
            [
                .. HammingRanking.Order(code, database).Where(item => item != sides.Places?[query]).Take(ShownHits).Select(item => new ShownHit(
                    sides.Database[item].Id,
                    code.HammingDistance(database[item]),
                    sides.QueryCodes.Labels.Share(query, sides.DatabaseCodes.Labels, item),
                    [])),
            ];
        }
    }

    /// <summary>The same with previews; what has none any more, because it was deleted, is not shown.</summary>
    public static MeasuredModel WithPreviews(MeasuredModel model, Dictionary<string, byte[]> previews) => model with
    {
        FirstResults =
        [
            .. model.FirstResults.Where(query => previews.ContainsKey(query.Id)).Select(query => query with
            {
                Preview = previews[query.Id],
                Hits = [.. query.Hits.Where(hit => previews.ContainsKey(hit.Id)).Select(hit => hit with { Preview = previews[hit.Id] })],
            }),
        ],
    };

    private static string LabelOf(EvaluatedPicture picture) => picture.Labels.Count == 0 ? Unlabelled : picture.Labels[0];
}
