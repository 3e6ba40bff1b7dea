using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search;

namespace Dpfah.Engine.Telemetry;

/// <summary>
/// How well a collection's codes find pictures of the same label, as they are in the index now: each of a sample of labelled pictures
/// searches a larger sample of them, itself left out.
/// </summary>
/// <param name="Map">Mean average precision.</param>
/// <param name="PrecisionAt10">Share of the first 10 results that have a label in common with the query.</param>
/// <param name="Queries">Pictures that searched.</param>
/// <param name="Database">Pictures that each searched.</param>
internal sealed record LiveRetrieval(double Map, double PrecisionAt10, int Queries, int Database)
{
    /// <summary>Most queries.</summary>
    public const int MostQueries = 200;

    /// <summary>Most pictures in the sample that is searched.</summary>
    public const int MostDatabase = 5_000;

    /// <summary>Fewest labelled pictures that say something.</summary>
    public const int FewestLabelled = 20;

    private const int K = 10;
    private const int MostClasses = 4_096;
    private const int ItemsBetweenLooks = 1 << 14;

    private static readonly RetrievalOptions Measured = new() { Cuts = [], PrecisionAt = [K] };

    /// <summary>Measures; some 0.1 s of one thread for 5,000 pictures, and a look at every item for the choice of the sample.</summary>
    /// <param name="snapshot">The index.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when too few pictures have a label.</returns>
    public static LiveRetrieval? Measure(IndexSnapshot<IndexedItem> snapshot, CancellationToken cancellationToken)
    {
        List<IndexEntry<IndexedItem>> sample = Sample(snapshot, cancellationToken);

        // In the order of a search's last key, so that ties are where a search has them.
        List<IndexEntry<IndexedItem>> items = [.. sample.OrderBy(entry => entry.Id)];
        if (items.Count < FewestLabelled)
        {
            return null;
        }

        // The most frequent labels; others cannot weigh much.
        Dictionary<string, int> classes = items.SelectMany(item => item.Item.Labels).CountBy(label => label, StringComparer.Ordinal)
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MostClasses)
            .Select((pair, i) => (pair.Key, i)).ToDictionary(x => x.Key, x => x.i, StringComparer.Ordinal);
        var labels = LabelMatrix.From(
            classes.Count, [.. items.Select(item => (IReadOnlyList<int>)[.. item.Item.Labels.Where(classes.ContainsKey).Select(label => classes[label])])]);
        var codes = new LabelledCodes(
            CodeMatrix.From([.. items.Select(item => item.Code)]), labels, CodeMatrix.From([.. items.Select(item => item.Signature)]));
        HashSet<long> searching = [.. sample.Take(MostQueries).Select(entry => entry.Id)];
        int[] queries = [.. Enumerable.Range(0, items.Count).Where(i => searching.Contains(items[i].Id))];
        RankingMetrics found = RetrievalEvaluation.RunLeaveOneOut(codes, queries, Measured, cancellationToken).FineRanking!;
        return new LiveRetrieval(found.Map, found.PrecisionAt[0].Precision, queries.Length, items.Count - 1);
    }

    /// <summary>
    /// Labelled items in an order by chance that is always the same: one that comes or goes changes the sample by one, so that a curve
    /// over time shows the codes and not the choice.
    /// </summary>
    private static List<IndexEntry<IndexedItem>> Sample(IndexSnapshot<IndexedItem> snapshot, CancellationToken cancellationToken)
    {
        // The last of those that were chosen comes first.
        var chosen = new PriorityQueue<IndexEntry<IndexedItem>, ulong>(Comparer<ulong>.Create((a, b) => b.CompareTo(a)));
        int seen = 0;
        foreach (IndexEntry<IndexedItem> entry in snapshot.Entries)
        {
            if (seen++ % ItemsBetweenLooks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (entry.Item.Labels.Count > 0)
            {
                if (chosen.Count < MostDatabase)
                {
                    chosen.Enqueue(entry, Mix(entry.Id));
                }
                else
                {
                    chosen.EnqueueDequeue(entry, Mix(entry.Id));
                }
            }
        }

        return [.. chosen.UnorderedItems.OrderBy(item => item.Priority).Select(item => item.Element)];
    }

    // The finaliser of SplitMix64: a bijection, so that no two items have the same place.
    private static ulong Mix(long id)
    {
        ulong z = (ulong)id + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
