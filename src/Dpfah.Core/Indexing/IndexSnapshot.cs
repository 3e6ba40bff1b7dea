using System.Diagnostics.CodeAnalysis;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing;

/// <summary>The index at one moment. It never changes, so any number of threads may read it, beside a writer too.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
public sealed class IndexSnapshot<T>
{
    private readonly SegmentView<T>[] views;
    private readonly IndexTuning tuning;

    internal IndexSnapshot(int bits, int signatureBits, SegmentView<T>[] views, IndexTuning tuning, PathCounts paths)
    {
        Bits = bits;
        SignatureBits = signatureBits;
        this.views = views;
        this.tuning = tuning;
        Paths = paths;
        Count = views.Sum(v => v.Live);
    }

    /// <summary>Length of the codes, in bits.</summary>
    public int Bits { get; }

    /// <summary>Length of the signatures, in bits; 0 when the index keeps none.</summary>
    public int SignatureBits { get; }

    /// <summary>Items in the index.</summary>
    public int Count { get; }

    /// <summary>Parts that the index consists of.</summary>
    public int SegmentCount => views.Length;

    /// <summary>Bytes held for codes, signatures, ids and look-up, in part shared with other snapshots; without what the items refer to.</summary>
    public long MemoryBytes => views.Sum(v => v.Segment.MemoryBytes + v.Dead.MemoryBytes);

    /// <summary>How often each path answered, over all snapshots of the index.</summary>
    public PathCounts Paths { get; }

    /// <summary>All items, in no particular order.</summary>
    public IEnumerable<IndexEntry<T>> Entries
    {
        get
        {
            foreach (SegmentView<T> view in views)
            {
                int position = 0;
                for (int slot = 0; slot < view.Count; slot++)
                {
                    while (view.Segment.Starts is { } starts && slot >= starts[position + 1])
                    {
                        position++;
                    }

                    if (!view.Dead.Contains(slot))
                    {
                        yield return Entry(view, slot, view.Segment.Starts is null ? slot : position);
                    }
                }
            }
        }
    }

    internal ReadOnlySpan<SegmentView<T>> Views => views;

    /// <summary>Slots in use, dead ones included.</summary>
    internal int Slots => views.Sum(v => v.Count);

    /// <summary>Looks an item up by its id.</summary>
    /// <returns>False when this snapshot has no such item.</returns>
    public bool TryGet(long id, [MaybeNullWhen(false)] out IndexEntry<T> entry)
    {
        if (Find(id) is { } found)
        {
            entry = Entry(found.View, found.Slot, PositionOf(found.View, found.Slot));
            return true;
        }

        entry = default;
        return false;
    }

    /// <summary>Where an item lies; null when this snapshot has no such item.</summary>
    internal (SegmentView<T> View, int Slot)? Find(long id)
    {
        for (int i = views.Length - 1; i >= 0; i--)
        {
            int slot = views[i].FindLive(id);
            if (slot >= 0)
            {
                return (views[i], slot);
            }
        }

        return null;
    }

    /// <summary>Words of a code.</summary>
    internal ReadOnlySpan<ulong> CodeOf(SegmentView<T> view, int position)
    {
        int words = BinaryCode.WordsFor(Bits);
        return view.Segment.Codes.Span((long)position * words, words);
    }

    /// <summary>Finds the items nearest to a query.</summary>
    /// <param name="query">Code, number of neighbors, and what limits them.</param>
    /// <param name="cancellationToken">Looked at every 65,536 codes.</param>
    /// <returns>Neighbors in the order of their <see cref="RankKey"/>, with the cut report.</returns>
    /// <exception cref="ArgumentException">A property of the query is out of range; the exception's parameter is its name.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <remarks>Exact. At worst O(n · bits / 64), whatever k is, plus the tie at the cut.</remarks>
    public IndexAnswer<T> Search(IndexQuery<T> query, CancellationToken cancellationToken = default) =>
        SearchBatch([query], 1, cancellationToken)[0];

    /// <summary>Answers several queries, together where that is faster.</summary>
    /// <param name="queries">Any number of queries.</param>
    /// <param name="threads">Threads to use, at least 1; the queries are shared out among them.</param>
    /// <param name="cancellationToken">Looked at every 65,536 codes.</param>
    /// <returns>An answer for each query, the same as <see cref="Search"/> gives.</returns>
    /// <exception cref="ArgumentException">A property of a query is out of range; the exception's parameter is its name.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IndexAnswer<T>[] SearchBatch(IReadOnlyList<IndexQuery<T>> queries, int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        foreach (IndexQuery<T> query in queries)
        {
            ArgumentNullException.ThrowIfNull(query, nameof(queries));
            query.ThrowIfInvalid(Bits, SignatureBits);
        }

        var answers = new IndexAnswer<T>[queries.Count];
        int share = (answers.Length + threads - 1) / threads;
        if (threads == 1 || share == 0)
        {
            new Searcher<T>(this, tuning, Paths).Answer(queries, 0, answers, cancellationToken);
        }
        else
        {
            Parallel.For(0, (answers.Length + share - 1) / share, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, part =>
                new Searcher<T>(this, tuning, Paths).Answer(
                    queries, part * share, answers.AsSpan(part * share, Math.Min(share, answers.Length - (part * share))), cancellationToken));
        }

        return answers;
    }

    /// <summary>The code of a slot.</summary>
    internal static int PositionOf(SegmentView<T> view, int slot)
    {
        if (view.Segment.Starts is not { } starts)
        {
            return slot;
        }

        int found = Array.BinarySearch(starts, slot);
        return found >= 0 ? found : ~found - 1;
    }

    private IndexEntry<T> Entry(SegmentView<T> view, int slot, int position) => new(
        view.Segment.Id(slot),
        BinaryCode.FromWords(CodeOf(view, position), Bits),
        SignatureBits == 0 ? default : BinaryCode.FromWords(view.Segment.Signature(slot), SignatureBits),
        view.Segment.Item(slot));
}
