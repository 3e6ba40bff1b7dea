using System.Buffers;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Indexing;

/// <summary>
/// One exact search by counting: distances are small integers, so their histogram tells where the k-th neighbor lies,
/// and only the tie at that distance has to be ordered.
/// </summary>
/// <remarks>
/// First pass: the distance of every item, and two histograms, of the whole ranking and of what follows
/// <see cref="IndexQuery{T}.After"/>. Second pass: the items nearer than the cut, and the best of those at the cut.
/// Signatures are read only at the two cuts (where the page begins and where it ends) and for items that are returned.
/// </remarks>
internal sealed class CountingSearch<T>
{
    /// <summary>Marks a slot that is not on the page; no distance is that long.</summary>
    private const ushort Excluded = ushort.MaxValue;

    private readonly IndexSnapshot<T> snapshot;
    private readonly IndexQuery<T> query;
    private readonly long[] ranking;
    private readonly long[] page;

    public CountingSearch(IndexSnapshot<T> snapshot, IndexQuery<T> query)
    {
        this.snapshot = snapshot;
        this.query = query;
        ranking = new long[snapshot.Bits + 1];
        page = new long[snapshot.Bits + 1];
    }

    public IndexAnswer<T> Run(CancellationToken cancellationToken)
    {
        ushort[] distances = ArrayPool<ushort>.Shared.Rent(snapshot.Slots);
        try
        {
            Measure(distances, cancellationToken);
            long followers = page.Sum();
            int wanted = (int)Math.Min(query.K, followers);
            if (wanted == 0)
            {
                return new IndexAnswer<T> { Neighbors = [] };
            }

            int cut = 0;
            long nearer = page[0];
            while (nearer < wanted)
            {
                nearer += page[++cut];
            }

            int atCut = wanted - (int)(nearer - page[cut]);
            Neighbor<T>[] neighbors = Collect(distances, cut, wanted, atCut, cancellationToken);
            return new IndexAnswer<T>
            {
                Neighbors = neighbors,
                CutDistance = cut,
                BelowCut = ranking.Take(cut).Sum(),
                TiedAtCut = ranking[cut],
                Next = wanted < followers ? neighbors[^1].Key : null,
            };
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(distances);
        }
    }

    private void Measure(ushort[] distances, CancellationToken cancellationToken)
    {
        ReadOnlySpan<ulong> code = query.Code.Words;
        int radius = query.Radius ?? snapshot.Bits;
        int slot = 0;
        foreach (Segment<T> segment in snapshot.Segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int offset = 0; offset < segment.Count; offset++, slot++)
            {
                distances[slot] = Excluded;
                if (segment.IsDead(offset))
                {
                    continue;
                }

                int distance = Hamming.Distance(code, segment.Code(offset));
                if (distance > radius || (query.Filter is not null && !query.Filter(segment.Item(offset))))
                {
                    continue;
                }

                ranking[distance]++;
                if (FollowsStart(slot, distance))
                {
                    page[distance]++;
                    distances[slot] = (ushort)distance;
                }
            }
        }
    }

    private bool FollowsStart(int slot, int distance) =>
        query.After is not RankKey after
        || distance > after.Distance
        || (distance == after.Distance && Key(slot, distance) > after);

    private Neighbor<T>[] Collect(ushort[] distances, int cut, int wanted, int atCut, CancellationToken cancellationToken)
    {
        var nearest = new List<(RankKey Key, int Slot)>(wanted);
        var tie = new TopK(atCut);
        for (int slot = 0; slot < snapshot.Slots; slot++)
        {
            if (slot % Segment<T>.MaxSlots == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            int distance = distances[slot];
            if (distance < cut)
            {
                nearest.Add((Key(slot, distance), slot));
            }
            else if (distance == cut)
            {
                tie.Offer(Key(slot, distance), slot);
            }
        }

        nearest.AddRange(tie.Items);
        nearest.Sort((left, right) => left.Key.CompareTo(right.Key));
        return [.. nearest.Select(n => new Neighbor<T>(n.Key.Id, n.Key.Distance, n.Key.FineDistance, Item(n.Slot)))];
    }

    private RankKey Key(int slot, int distance)
    {
        Segment<T> segment = snapshot.Segments[slot / Segment<T>.MaxSlots];
        int offset = slot % Segment<T>.MaxSlots;
        int? fineDistance = query.Signature is BinaryCode signature ? Hamming.Distance(signature.Words, segment.Signature(offset)) : null;
        return new RankKey(distance, fineDistance, segment.Id(offset));
    }

    private T Item(int slot) => snapshot.Segments[slot / Segment<T>.MaxSlots].Item(slot % Segment<T>.MaxSlots);
}
