using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Indexing.Segments;

/// <summary>Collects items and makes a sealed segment of them.</summary>
internal sealed class SegmentBuilder<T>
{
    /// <summary>Most items of a segment: arrays of .NET end at 2^31 elements, and a signature has four words or more.</summary>
    public const int MaxCount = 1 << 27;

    /// <summary>Equal codes are stored once when fewer than this share are different; else the detour costs more than it saves.</summary>
    private const double GroupingShare = 0.85;

    private readonly IndexTuning tuning;
    private readonly int bits;
    private readonly int codeWords;
    private readonly int signatureWords;
    private ulong[] codes;
    private ulong[] signatures;
    private long[] ids;
    private T[] items;

    public SegmentBuilder(int bits, int signatureBits, int capacity, IndexTuning tuning)
    {
        this.tuning = tuning;
        this.bits = bits;
        codeWords = BinaryCode.WordsFor(bits);
        signatureWords = BinaryCode.WordsFor(signatureBits);
        codes = GC.AllocateUninitializedArray<ulong>(checked(capacity * codeWords));
        signatures = GC.AllocateUninitializedArray<ulong>(checked(capacity * signatureWords));
        ids = GC.AllocateUninitializedArray<long>(capacity);
        items = new T[capacity];
    }

    public int Count { get; private set; }

    /// <summary>Adds an item whose id is not there yet.</summary>
    public void Add(long id, ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> signature, T item)
    {
        if (Count == ids.Length)
        {
            int capacity = Math.Min(MaxCount, Math.Max(1024, 2 * Count));
            Array.Resize(ref codes, capacity * codeWords);
            Array.Resize(ref signatures, capacity * signatureWords);
            Array.Resize(ref ids, capacity);
            Array.Resize(ref items, capacity);
        }

        code.CopyTo(codes.AsSpan(Count * codeWords, codeWords));
        signature.CopyTo(signatures.AsSpan(Count * signatureWords, signatureWords));
        ids[Count] = id;
        items[Count] = item;
        Count++;
    }

    /// <summary>The segment; the builder is spent.</summary>
    /// <param name="threads">1, or 2 to go on with the codes and with what belongs to them side by side once they are sorted.</param>
    /// <exception cref="ArgumentException">An id was added twice.</exception>
    public SealedSegment<T> Build(int threads = 1)
    {
        int[] byId = ByAscendingId();
        int[] order = [.. byId];
        CodeSort.Sort(codes.AsSpan(0, Count * codeWords), codeWords, ref order);

        // From here on all is in the order of (code, id).
        AlignedWords sorted = null!;
        int[]? starts = null;
        BitPlanes? planes = null;
        PartTables? tables = null;
        ulong[] sortedSignatures = [];
        IdColumn idColumn = null!;
        T[] sortedItems = [];
        if (threads == 1)
        {
            FinishCodes();
            FinishItems();
        }
        else
        {
            Parallel.Invoke(new ParallelOptions { MaxDegreeOfParallelism = threads }, FinishCodes, FinishItems);
        }

        return new SealedSegment<T>(sorted, starts, planes, tables, idColumn, sortedSignatures, signatureWords, sortedItems);

        void FinishCodes()
        {
            sorted = Ordered(order, out int distinct);
            starts = distinct < GroupingShare * Count ? Group(ref sorted, distinct) : null;
            int positions = starts is null ? Count : distinct;
            planes = bits <= BitPlanes.MaxBits ? new BitPlanes(sorted, bits, positions) : null;
            tables = tuning.TablesFor(sorted, bits, positions);
        }

        void FinishItems()
        {
            sortedSignatures = Ordered(signatures, signatureWords, order);
            signatures = [];
            idColumn = IdsOf(order, byId);
            sortedItems = Ordered(items, order);
            items = [];
        }
    }

    private int[] ByAscendingId()
    {
        int[] order = [.. Enumerable.Range(0, Count)];
        bool ascends = true;
        for (int i = 1; i < Count && ascends; i++)
        {
            ascends = ids[i - 1] < ids[i];
        }

        if (!ascends)
        {
            Array.Sort(ids.AsSpan(0, Count).ToArray(), order);
            for (int i = 1; i < Count; i++)
            {
                if (ids[order[i - 1]] == ids[order[i]])
                {
                    throw new ArgumentException($"Item {ids[order[i]]} was added twice.");
                }
            }
        }

        return order;
    }

    private unsafe AlignedWords Ordered(int[] order, out int distinct)
    {
        var sorted = new AlignedWords((long)Count * codeWords);
        distinct = 0;
        for (int slot = 0; slot < Count; slot++)
        {
            ReadOnlySpan<ulong> code = codes.AsSpan(order[slot] * codeWords, codeWords);
            Span<ulong> target = sorted.Span((long)slot * codeWords, codeWords);
            code.CopyTo(target);
            if (slot == 0 || !code.SequenceEqual(sorted.Span((long)(slot - 1) * codeWords, codeWords)))
            {
                distinct++;
            }
        }

        codes = [];
        return sorted;
    }

    private static ulong[] Ordered(ulong[] source, int words, int[] order)
    {
        var target = GC.AllocateUninitializedArray<ulong>(order.Length * words);
        for (int slot = 0; slot < order.Length; slot++)
        {
            source.AsSpan(order[slot] * words, words).CopyTo(target.AsSpan(slot * words, words));
        }

        return target;
    }

    private static T[] Ordered(T[] source, int[] order)
    {
        var target = new T[order.Length];
        for (int slot = 0; slot < order.Length; slot++)
        {
            target[slot] = source[order[slot]];
        }

        return target;
    }

    private IdColumn IdsOf(int[] order, int[] byId)
    {
        var bySlot = GC.AllocateUninitializedArray<long>(Count);
        var slotOf = GC.AllocateUninitializedArray<int>(Count);
        for (int slot = 0; slot < Count; slot++)
        {
            bySlot[slot] = ids[order[slot]];
            slotOf[order[slot]] = slot;
        }

        ids = [];
        return new IdColumn(bySlot, Array.ConvertAll(byId, place => slotOf[place]));
    }

    private int[] Group(ref AlignedWords sorted, int distinct)
    {
        var grouped = new AlignedWords((long)distinct * codeWords);
        var starts = new int[distinct + 1];
        int position = -1;
        for (int slot = 0; slot < Count; slot++)
        {
            Span<ulong> code = sorted.Span((long)slot * codeWords, codeWords);
            if (slot == 0 || !code.SequenceEqual(sorted.Span((long)(slot - 1) * codeWords, codeWords)))
            {
                starts[++position] = slot;
                code.CopyTo(grouped.Span((long)position * codeWords, codeWords));
            }
        }

        starts[distinct] = Count;
        sorted = grouped;
        return starts;
    }
}
