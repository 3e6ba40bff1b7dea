using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>The definition of a search, word for word and bit by bit, over a list.</summary>
internal static class NaiveRanking
{
    public static IndexAnswer<Item> Search(IEnumerable<IndexEntry<Item>> entries, IndexQuery<Item> query)
    {
        Neighbor<Item>[] ranking =
        [
            .. entries
                .Where(e => e.Id != query.Exclude && (query.Filter is null || query.Filter.Passes(e.Id, e.Item.Fields)))
                .Select(e => new Neighbor<Item>(e.Id, DifferingBits(query.Code, e.Code), WeightedDistance(query, e), FineDistance(query, e), e.Item))
                .Where(n => query.Radius is null || n.Distance <= query.Radius)
                .OrderBy(n => n.Distance).ThenBy(n => n.WeightedDistance).ThenBy(n => n.FineDistance).ThenBy(n => n.Id),
        ];
        Neighbor<Item>[] followers = [.. ranking.Where(n => query.After is null || Follows(n, query.After.Value))];
        Neighbor<Item>[] page = [.. followers.Take(query.K)];
        var counts = new long[query.Code.Bits + 1];
        Array.ForEach(ranking, n => counts[n.Distance]++);
        int? cut = page.Length == 0 ? null : page[^1].Distance;
        return new IndexAnswer<Item>
        {
            Neighbors = page,
            CutDistance = cut,
            BelowCut = ranking.Count(n => n.Distance < cut),
            TiedAtCut = ranking.Count(n => n.Distance == cut),
            Counts = counts,
            Next = followers.Length > page.Length ? new RankKey(page[^1].Distance, page[^1].FineDistance, page[^1].Id, page[^1].WeightedDistance) : null,
        };
    }

    public static void AssertSame(IndexAnswer<Item> expected, IndexAnswer<Item> actual)
    {
        Assert.Equal(expected.Neighbors, actual.Neighbors);
        Assert.Equal(expected.Counts.Take(actual.Counts.Count), actual.Counts);
        Assert.True(actual.Counts.Count > (expected.CutDistance ?? expected.Counts.ToList().FindLastIndex(count => count != 0)));
        Assert.Equal(
            (expected.CutDistance, expected.BelowCut, expected.TiedAtCut, expected.Next),
            (actual.CutDistance, actual.BelowCut, actual.TiedAtCut, actual.Next));
    }

    private static int? FineDistance(IndexQuery<Item> query, IndexEntry<Item> entry) =>
        query.Signature is null ? null : DifferingBits(query.Signature.Value, entry.Signature);

    private static int? WeightedDistance(IndexQuery<Item> query, IndexEntry<Item> entry)
    {
        if (query.Weights is null)
        {
            return null;
        }

        int sum = 0;
        for (int i = 0; i < entry.Code.Bits; i++)
        {
            sum += query.Code[i] != entry.Code[i] ? query.Weights[i] : 0;
        }

        return sum;
    }

    private static int DifferingBits(BinaryCode left, BinaryCode right) => Enumerable.Range(0, left.Bits).Count(i => left[i] != right[i]);

    private static bool Follows(Neighbor<Item> neighbor, RankKey key) =>
        neighbor.Distance > key.Distance
        || (neighbor.Distance == key.Distance
            && (neighbor.WeightedDistance > key.WeightedDistance
                || (neighbor.WeightedDistance == key.WeightedDistance
                    && (neighbor.FineDistance > key.FineDistance || (neighbor.FineDistance == key.FineDistance && neighbor.Id > key.Id)))));
}
