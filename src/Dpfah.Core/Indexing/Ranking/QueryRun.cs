using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing.Ranking;

/// <summary>One query on its way through the segments of a snapshot, and the answer at the end; then it may serve the next.</summary>
/// <remarks>Signatures are read only for items that are returned and at the two cuts: where the page begins and where it ends.</remarks>
internal sealed class QueryRun<T> : HitCounter
{
    private const int ItemsBetweenChecks = 1 << 16;

    private readonly FirstPlaces first = new();

    // Set from Start to End.
    private IndexSnapshot<T> snapshot = null!;
    private IndexQuery<T> query = null!;
    private BitWeights? weights;

    // The item left out, when the snapshot has it and the ranking would.
    private bool excludes;

    // What passes the filter in the current segment; null when there is no filter or it looks at each item.
    private SlotMask? mask;

    /// <param name="bits">Length of the codes.</param>
    public QueryRun(int bits)
        : base(bits)
    {
    }

    /// <summary>Begins a query.</summary>
    public void Start(IndexSnapshot<T> searched, IndexQuery<T> next)
    {
        snapshot = searched;
        query = next;
        mask = null;
        Start(query.Code.Words, query.Radius ?? Bits, Wanted(query), query.After?.Distance ?? -1);
        weights = query.Weights is null ? null : new BitWeights(Code, query.Weights);
        excludes = TakeOut();
    }

    /// <summary>Lets go of all that belongs to the query, so that a run that is kept keeps nothing else.</summary>
    public void End()
    {
        (snapshot, query, weights, mask) = (null!, null!, null, null);
        Shrink();
        first.Shrink();
    }

    /// <summary>Turns to a segment.</summary>
    /// <param name="index">Number of its view.</param>
    /// <param name="passing">The live slots that pass the filter; null when there is no filter or it looks at each item.</param>
    public void Begin(int index, SlotMask? passing)
    {
        SegmentView<T> view = snapshot.Views[index];
        mask = passing;
        BeginView(index, view.Segment.Starts is null && view.Dead.Count == 0 && query.Filter is null);
    }

    /// <summary>The answer, once every code within the bound was offered.</summary>
    /// <param name="cancellationToken">Looked at every 65,536 items: a tie may have millions.</param>
    public IndexAnswer<T> Answer(CancellationToken cancellationToken)
    {
        long found = 0;
        for (int distance = 0; distance <= Bound; distance++)
        {
            found += Followers[distance];
        }

        int wanted = (int)Math.Min(query.K, found);
        if (wanted == 0)
        {
            return new IndexAnswer<T> { Neighbors = [], Counts = Counts[..(Bound + 1)].ToArray() };
        }

        int cut = 0;
        long below = 0, nearer = Followers[0];
        while (nearer < wanted)
        {
            below += Counts[cut];
            nearer += Followers[++cut];
        }

        Neighbor<T>[] neighbors = Collect(cut, wanted, cancellationToken);
        return new IndexAnswer<T>
        {
            Neighbors = neighbors,
            CutDistance = cut,
            BelowCut = below,
            TiedAtCut = Counts[cut],
            Counts = Counts[..(Bound + 1)].ToArray(),
            Next = wanted < found || MoreFollow(found) ? neighbors[^1].Key : null,
        };
    }

    /// <inheritdoc/>
    protected override (int Ranked, int Following) Weigh(int viewIndex, int position, int distance)
    {
        SegmentView<T> view = snapshot.Views[viewIndex];
        (int from, int to) = Slots(view, position);
        bool counts = query.After is null || distance > query.After.Value.Distance;
        if ((query.Filter is null || mask is not null) && (counts || distance < query.After!.Value.Distance))
        {
            int live = mask is null ? to - from - view.Dead.CountRange(from, to) : mask.CountRange(from, to);
            return (live, counts ? live : 0);
        }

        int ranked = 0, following = 0;
        for (int slot = from; slot < to; slot++)
        {
            if (mask is null ? Passes(view, slot) : mask.Contains(slot))
            {
                ranked++;
                following += Follows(view, position, slot, distance) ? 1 : 0;
            }
        }

        return (ranked, following);
    }

    // Without a filter or a radius the number of items tells whether any lie beyond the bound; else one more is looked for.
    private static long Wanted(IndexQuery<T> query) => query.Filter is null && query.Radius is null ? query.K : query.K + 1L;

    private static (int From, int To) Slots(SegmentView<T> view, int position) =>
        view.Segment.Starts is { } starts ? (starts[position], starts[position + 1]) : (position, position + 1);

    /// <summary>Counts the item left out once less, so that it can be met like any other.</summary>
    private bool TakeOut()
    {
        if (query.Exclude is not { } id || snapshot.Find(id) is not { } found)
        {
            return false;
        }

        (SegmentView<T> view, int slot) = found;
        int position = IndexSnapshot<T>.PositionOf(view, slot);
        int distance = Hamming.Distance(query.Code.Words, snapshot.CodeOf(view, position));
        if (distance > Bound || !Passes(view, slot))
        {
            return false;
        }

        Discount(distance, Follows(view, position, slot, distance));
        return true;
    }

    private bool MoreFollow(long found)
    {
        if (query.Filter is not null || query.Radius is not null)
        {
            return false;
        }

        long before = excludes ? 1 : 0;
        for (int distance = 0; query.After is { } after && distance <= after.Distance && distance <= Bound; distance++)
        {
            before += Counts[distance] - Followers[distance];
        }

        return before + found < snapshot.Count;
    }

    private bool Passes(SegmentView<T> view, int slot) =>
        !view.Dead.Contains(slot)
        && (query.Filter is null
            || query.Filter.Passes(view.Segment.Id(slot), view.Segment.Item(slot) is IFilterable item ? item.Fields : default));

    private bool Follows(SegmentView<T> view, int position, int slot, int distance) =>
        query.After is not RankKey after || distance > after.Distance
        || (distance == after.Distance
            && new RankKey(distance, FineDistance(view, slot), view.Segment.Id(slot), weights is null ? null : WeightedDistance(view, position)) > after);

    private int WeightedDistance(SegmentView<T> view, int position) => weights?.Distance(snapshot.CodeOf(view, position)) ?? 0;

    private int? FineDistance(SegmentView<T> view, int slot) =>
        query.Signature is BinaryCode signature ? Hamming.Distance(signature.Words, view.Segment.Signature(slot)) : null;

    /// <summary>The page's items: all that are nearer than the cut, and the first of those at it.</summary>
    private Neighbor<T>[] Collect(int cut, int wanted, CancellationToken cancellationToken)
    {
        int looked = 0;
        first.Start(wanted);
        foreach (Hit hit in Hits)
        {
            if (hit.Distance > cut)
            {
                continue;
            }

            SegmentView<T> view = snapshot.Views[hit.View];
            (int from, int to) = Slots(view, hit.Position);
            int weighted = WeightedDistance(view, hit.Position);
            for (int slot = from; slot < to; slot++)
            {
                if (++looked % ItemsBetweenChecks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                if (Passes(view, slot) && Follows(view, hit.Position, slot, hit.Distance) && !(excludes && view.Segment.Id(slot) == query.Exclude))
                {
                    first.Offer(new Place(hit.Distance, weighted, FineDistance(view, slot) ?? 0, view.Segment.Id(slot), hit.View, slot));
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
                weights is null ? null : place.WeightedDistance,
                query.Signature is null ? null : place.FineDistance,
                snapshot.Views[place.View].Segment.Item(place.Slot));
        }

        return neighbors;
    }
}
