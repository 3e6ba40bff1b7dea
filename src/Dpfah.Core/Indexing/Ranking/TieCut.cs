namespace Dpfah.Core.Indexing.Ranking;

/// <summary>The first-ranking of the items that tie at the cut.</summary>
/// <param name="wanted">Items to keep.</param>
/// <param name="offers">Items that will be offered.</param>
internal sealed class TieCut(int wanted, long offers)
{
    // The last-ranking of those kept is on top, so that a better one can push it out.
    private readonly PriorityQueue<(int View, int Slot), RankKey> kept = new(Comparer<RankKey>.Create(static (left, right) => right.CompareTo(left)));
    private readonly List<(RankKey Key, int View, int Slot)> all = [];

    public void Offer(RankKey key, int view, int slot)
    {
        if (offers == wanted)
        {
            all.Add((key, view, slot));
        }
        else if (kept.Count < wanted)
        {
            kept.Enqueue((view, slot), key);
        }
        else
        {
            kept.EnqueueDequeue((view, slot), key);
        }
    }

    /// <summary>The items kept, in no particular order.</summary>
    public IEnumerable<(RankKey Key, int View, int Slot)> First() =>
        all.Concat(kept.UnorderedItems.Select(item => (item.Priority, item.Element.View, item.Element.Slot)));
}
