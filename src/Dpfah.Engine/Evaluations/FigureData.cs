using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Engine.Evaluations;

/// <summary>Chooses what figures show.</summary>
internal static class FigureData
{
    private const int EmbeddedQueries = 500;
    private const int ShownQueries = 8;
    private const int ShownHits = 10;

    /// <summary>All but the previews.</summary>
    public static MeasuredModel Of(string title, List<EvaluatedPicture> pictures, int[] queries, LabelledCodes items, RetrievalResult retrieval)
    {
        int[] embedded = [.. queries.Take(EmbeddedQueries)];
        BinaryCode[] all = [.. Enumerable.Range(0, items.Count).Select(i => items.Codes[i])];

        // The first query of each of eight labels.
        int[] shown = [.. queries.GroupBy(query => pictures[query].Labels[0]).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.First()).Take(ShownQueries)];
        return new MeasuredModel(
            title,
            retrieval.Ranking,
            [.. embedded.Select(query => all[query])],
            [.. embedded.Select(query => (pictures[query].Id, pictures[query].Labels[0]))],
            [.. shown.Select(query => new ShownQuery(pictures[query].Id, pictures[query].Labels, [], Hits(query)))]);

        ShownHit[] Hits(int query) =>
        [
            .. HammingRanking.Order(all[query], all).Where(item => item != query).Take(ShownHits).Select(item => new ShownHit(
                pictures[item].Id, all[query].HammingDistance(all[item]), items.Labels.Share(query, items.Labels, item), [])),
        ];
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
}
