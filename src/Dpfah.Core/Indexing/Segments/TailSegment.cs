using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Indexing.Segments;

/// <summary>The segment that new items are appended to: codes in the order of arrival, nothing that speeds a search up.</summary>
/// <remarks>
/// One writer appends behind what the published view counts, where no reader looks. When the arrays are full the writer goes on
/// with a <see cref="Larger"/> copy, and older views keep the old arrays.
/// </remarks>
internal sealed class TailSegment<T> : Segment<T>
{
    // Collections may be small and many, so the arrays start small and double.
    private const int LeastCapacity = 32;

    private readonly int codeWords;
    private readonly int signatureWords;
    private readonly ulong[] signatures;
    private readonly long[] ids;
    private readonly T[] items;
    private volatile SlotTable table;

    public TailSegment(int codeBits, int signatureBits)
        : this(BinaryCode.WordsFor(codeBits), BinaryCode.WordsFor(signatureBits), LeastCapacity, SlotTable.Empty())
    {
    }

    private TailSegment(int codeWords, int signatureWords, int capacity, SlotTable table)
    {
        this.codeWords = codeWords;
        this.signatureWords = signatureWords;
        this.table = table;
        Codes = new AlignedWords((long)capacity * codeWords);
        signatures = new ulong[capacity * signatureWords];
        ids = new long[capacity];
        items = new T[capacity];
    }

    public override AlignedWords Codes { get; }

    public int Capacity => ids.Length;

    /// <summary>Slots written, by the writer's count.</summary>
    public int Count { get; private set; }

    public override long MemoryBytes =>
        Codes.MemoryBytes + ((signatures.LongLength + ids.LongLength) * sizeof(ulong)) + BytesOf(items) + table.MemoryBytes;

    public override long Id(int slot) => ids[slot];

    public override T Item(int slot) => items[slot];

    public override ReadOnlySpan<ulong> Signature(int slot) => signatures.AsSpan(slot * signatureWords, signatureWords);

    public override int FindLive(long id, int count, SlotSet dead)
    {
        int slot = table.Find(id);
        if (slot < 0)
        {
            return -1;
        }

        if (slot < count)
        {
            return dead.Contains(slot) ? -1 : slot;
        }

        // The id was put again after the view was taken, and the table knows the newest slot only.
        for (slot = 0; slot < count; slot++)
        {
            if (ids[slot] == id && !dead.Contains(slot))
            {
                return slot;
            }
        }

        return -1;
    }

    /// <summary>Writes an item into the next slot; there is room. Only for the writer.</summary>
    public int Append(long id, ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> signature, T item)
    {
        int slot = Count++;
        code.CopyTo(Codes.Span((long)slot * codeWords, codeWords));
        signature.CopyTo(signatures.AsSpan(slot * signatureWords, signatureWords));
        ids[slot] = id;
        items[slot] = item;
        table = table.Set(id, slot);
        return slot;
    }

    /// <summary>A copy with twice the room.</summary>
    public TailSegment<T> Larger()
    {
        var larger = new TailSegment<T>(codeWords, signatureWords, 2 * Capacity, table) { Count = Count };
        Codes.Span(0, Count * codeWords).CopyTo(larger.Codes.Span(0, Count * codeWords));
        signatures.AsSpan(0, Count * signatureWords).CopyTo(larger.signatures);
        ids.AsSpan(0, Count).CopyTo(larger.ids);
        items.AsSpan(0, Count).CopyTo(larger.items);
        return larger;
    }
}
