using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing.Ranking;

/// <summary>One query on its way through the segments of a snapshot, and the answer at the end.</summary>
/// <remarks>Signatures are read only for items that are returned and at the two cuts: where the page begins and where it ends.</remarks>
internal sealed class QueryRun<T> : HitCounter
{
    private readonly IndexSnapshot<T> snapshot;
    private readonly IndexQuery<T> query;

    public QueryRun(IndexSnapshot<T> snapshot, IndexQuery<T> query)
        : base(query.Code.Words.ToArray(), snapshot.Bits, query.Radius ?? snapshot.Bits, Wanted(query), query.After?.Distance ?? -1)
    {
        this.snapshot = snapshot;
        this.query = query;
    }

    /// <summary>Turns to a segment.</summary>
    public void Begin(int index)
    {
        SegmentView<T> view = snapshot.Views[index];
        BeginView(index, view.Segment.Starts is null && view.Dead.Count == 0 && query.Filter is null);
    }

    /// <summary>The answer, once every code within the bound was offered.</summary>
    public IndexAnswer<T> Answer()
    {
        long found = 0;
        for (int distance = 0; distance <= Bound; distance++)
        {
            found += Followers[distance];
        }

        int wanted = (int)Math.Min(query.K, found);
        if (wanted == 0)
        {
            return new IndexAnswer<T> { Neighbors = [] };
        }

        int cut = 0;
        long below = 0, nearer = Followers[0];
        while (nearer < wanted)
        {
            below += Counts[cut];
            nearer += Followers[++cut];
        }

        Neighbor<T>[] neighbors = Collect(cut, wanted);
        return new IndexAnswer<T>
        {
            Neighbors = neighbors,
            CutDistance = cut,
            BelowCut = below,
            TiedAtCut = Counts[cut],
            Next = wanted < found || MoreFollow(found) ? neighbors[^1].Key : null,
        };
    }

    /// <inheritdoc/>
    protected override (int Ranked, int Following) Weigh(int viewIndex, int position, int distance)
    {
        SegmentView<T> view = snapshot.Views[viewIndex];
        (int from, int to) = Slots(view, position);
        bool counts = query.After is null || distance > query.After.Value.Distance;
        if (query.Filter is null && (counts || distance < query.After!.Value.Distance))
        {
            int live = to - from - view.Dead.CountRange(from, to);
            return (live, counts ? live : 0);
        }

        int ranked = 0, following = 0;
        for (int slot = from; slot < to; slot++)
        {
            if (Passes(view, slot))
            {
                ranked++;
                following += Follows(view, slot, distance) ? 1 : 0;
            }
        }

        return (ranked, following);
    }

    // Without a filter or a radius the number of items tells whether any lie beyond the bound; else one more is looked for.
    private static long Wanted(IndexQuery<T> query) => query.Filter is null && query.Radius is null ? query.K : query.K + 1L;

    private bool MoreFollow(long found)
    {
        if (query.Filter is not null || query.Radius is not null)
        {
            return false;
        }

        long before = 0;
        for (int distance = 0; query.After is { } after && distance <= after.Distance && distance <= Bound; distance++)
        {
            before += Counts[distance] - Followers[distance];
        }

        return before + found < snapshot.Count;
    }

    private static (int From, int To) Slots(SegmentView<T> view, int position) =>
        view.Segment.Starts is { } starts ? (starts[position], starts[position + 1]) : (position, position + 1);

    private bool Passes(SegmentView<T> view, int slot) =>
        !view.Dead.Contains(slot) && (query.Filter is null || query.Filter(view.Segment.Item(slot)));

    private bool Follows(SegmentView<T> view, int slot, int distance) =>
        query.After is not RankKey after || distance > after.Distance || (distance == after.Distance && new RankKey(distance, FineDistance(view, slot), view.Segment.Id(slot)) > after);

    private int? FineDistance(SegmentView<T> view, int slot) =>
        query.Signature is BinaryCode signature ? Hamming.Distance(signature.Words, view.Segment.Signature(slot)) : null;

    /// <summary>The page's items: all that are nearer than the cut, and the first of those at it.</summary>
    private Neighbor<T>[] Collect(int cut, int wanted)
    {
        var first = new FirstPlaces(wanted);
        foreach (Hit hit in Hits)
        {
            if (hit.Distance > cut)
            {
                continue;
            }

            SegmentView<T> view = snapshot.Views[hit.View];
            (int from, int to) = Slots(view, hit.Position);
            for (int slot = from; slot < to; slot++)
            {
                if (Passes(view, slot) && Follows(view, slot, hit.Distance))
                {
                    first.Offer(new Place(hit.Distance, FineDistance(view, slot) ?? 0, view.Segment.Id(slot), hit.View, slot));
                }
            }
        }

        ReadOnlySpan<Place> places = first.Sorted();
        var neighbors = new Neighbor<T>[places.Length];
        for (int i = 0; i < neighbors.Length; i++)
        {
            Place place = places[i];
            neighbors[i] = new Neighbor<T>(
                place.Id,
                place.Distance,
                query.Signature is null ? null : place.FineDistance,
                snapshot.Views[place.View].Segment.Item(place.Slot));
        }

        return neighbors;
    }
}
