using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Engine.Search;

/// <summary>
/// A ranking of which only the first item of each value of a field is kept. A page needs nothing of the pages before: an item is its
/// group's first when a search for one item of that group finds it.
/// </summary>
/// <param name="ranking">The whole ranking.</param>
/// <param name="field">The field; an item without a single value of it stands alone.</param>
internal sealed class CollapsedRanking(MergedRanking ranking, string field)
{
    /// <summary>The first items behind a key that are the first of their group.</summary>
    public async Task<RankedSlice> TakeAsync(int k, RankKey? after, CancellationToken cancellationToken)
    {
        var kept = new List<RankedItem>();
        var seen = new List<FieldValue>();
        RankKey? last = after;
        bool ended = false;

        // One more than wanted tells whether a page follows.
        while (kept.Count <= k && !ended)
        {
            // Groups that were seen are left out, so that a large one is not walked through.
            RankedSlice slice = await ranking.TakeAsync(
                seen.Count == 0 ? null : ItemFilter.Not(ItemFilter.In(field, seen)), k + 1 - kept.Count, last, cancellationToken);
            foreach (RankedItem item in slice.Items)
            {
                last = item.Neighbor.Key;
                if (item.Neighbor.Item.Properties.Single(field) is not { } value)
                {
                    kept.Add(item);
                }
                else if (!seen.Contains(value))
                {
                    seen.Add(value);
                    if (after is null || await IsFirstAsync(item, value, cancellationToken))
                    {
                        kept.Add(item);
                    }
                }
            }

            ended = !slice.HasMore;
        }

        bool hasMore = kept.Count > k;
        RankedItem[] items = [.. kept.Take(k)];

        // The first item beyond the cut makes the counts exact as far as the cut.
        RankKey? cut = items.Length == 0 ? null : Behind(items[^1].Neighbor.Key);
        RankedSlice beyond = await ranking.TakeAsync(null, 1, cut, cancellationToken);
        return new RankedSlice(items, beyond.Counts, hasMore);
    }

    private async Task<bool> IsFirstAsync(RankedItem item, FieldValue value, CancellationToken cancellationToken)
    {
        // Items with several values stand alone, so the group's first may be behind some of them.
        RankKey? last = null;
        while (true)
        {
            RankedSlice slice = await ranking.TakeAsync(ItemFilter.In(field, value), 1, last, cancellationToken);
            if (slice.Items is not [RankedItem first, ..])
            {
                // Deleted since it was found.
                return false;
            }

            if (first.Neighbor.Item.Properties.Single(field) == value)
            {
                return first.Neighbor.Id == item.Neighbor.Id;
            }

            last = first.Neighbor.Key;
        }
    }

    /// <summary>A key behind all items at a key's distance.</summary>
    private static RankKey Behind(RankKey key) => new(
        key.Distance, key.FineDistance is null ? null : int.MaxValue, long.MaxValue, key.WeightedDistance is null ? null : int.MaxValue);
}
