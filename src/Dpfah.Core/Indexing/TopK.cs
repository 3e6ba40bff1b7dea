namespace Dpfah.Core.Indexing;

/// <summary>Keeps the k first-ranking of the slots that it is offered.</summary>
internal sealed class TopK(int k)
{
    // The last-ranking of those kept is on top, so that a better one can push it out.
    private readonly PriorityQueue<int, RankKey> kept = new(Comparer<RankKey>.Create((left, right) => right.CompareTo(left)));

    /// <summary>The slots kept, with their keys, in no particular order.</summary>
    public IEnumerable<(RankKey Key, int Slot)> Items => kept.UnorderedItems.Select(item => (item.Priority, item.Element));

    public void Offer(RankKey key, int slot)
    {
        if (kept.Count < k)
        {
            kept.Enqueue(slot, key);
        }
        else
        {
            kept.EnqueueDequeue(slot, key);
        }
    }
}
