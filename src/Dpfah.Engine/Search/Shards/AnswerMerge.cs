using Dpfah.Core.Indexing;

namespace Dpfah.Engine.Search.Shards;

/// <summary>Makes one answer of those of several indexes that share no item.</summary>
internal static class AnswerMerge
{
    /// <summary>The answer that one index with all their items would give.</summary>
    /// <param name="answers">To one query, at least one.</param>
    /// <param name="k">Neighbors wanted.</param>
    public static IndexAnswer<IndexedItem> Of(IReadOnlyList<IndexAnswer<IndexedItem>> answers, int k)
    {
        Neighbor<IndexedItem>[] neighbors = [.. answers.SelectMany(answer => answer.Neighbors).OrderBy(neighbor => neighbor.Key)];
        bool hasMore = neighbors.Length > k || answers.Any(answer => answer.Next is not null);
        return Answer(neighbors.Length > k ? neighbors[..k] : neighbors, Counts(answers), hasMore);
    }

    /// <summary>Items of all rankings at each distance.</summary>
    /// <remarks>
    /// An index with k neighbors or more is exact as far as its own k-th, which is not nearer than the k-th of all; one with fewer is exact
    /// throughout. So the shortest histogram reaches as far as the cut.
    /// </remarks>
    public static long[] Counts(IReadOnlyList<IndexAnswer<IndexedItem>> answers)
    {
        var counts = new long[answers.Min(answer => answer.Counts.Count)];
        for (int distance = 0; distance < counts.Length; distance++)
        {
            counts[distance] = answers.Sum(answer => answer.Counts[distance]);
        }

        return counts;
    }

    /// <summary>An answer with the cut that its neighbors and histogram say.</summary>
    public static IndexAnswer<IndexedItem> Answer(Neighbor<IndexedItem>[] neighbors, long[] counts, bool hasMore)
    {
        if (neighbors.Length == 0)
        {
            return new IndexAnswer<IndexedItem> { Neighbors = neighbors, Counts = counts };
        }

        int cut = neighbors[^1].Distance;
        return new IndexAnswer<IndexedItem>
        {
            Neighbors = neighbors,
            Counts = counts,
            CutDistance = cut,
            BelowCut = counts.Take(cut).Sum(),
            TiedAtCut = counts[cut],
            Next = hasMore ? neighbors[^1].Key : null,
        };
    }
}
