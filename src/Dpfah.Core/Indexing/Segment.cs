using System.Runtime.CompilerServices;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Indexing;

/// <summary>A run of slots: packed codes and signatures, ids, items, and which slots are dead.</summary>
/// <remarks>
/// Immutable once published. The writer works on a <see cref="Fork"/>: it shares the arrays with the published segment,
/// appends behind that one's <see cref="Count"/>, where no reader looks, and owns its bitmap of dead slots.
/// </remarks>
internal sealed class Segment<T>
{
    /// <summary>Slot s of an index is slot <c>s % MaxSlots</c> of segment <c>s / MaxSlots</c>: all but the last are full.</summary>
    public const int MaxSlots = 4096;

    // Collections may be small and many, so the arrays start small and double.
    private const int MinSlots = 32;

    private readonly int codeWords;
    private readonly int signatureWords;
    private ulong[] codes;
    private ulong[] signatures;
    private long[] ids;
    private T[] items;
    private ulong[]? dead;

    public Segment(int codeBits, int signatureBits)
    {
        codeWords = BinaryCode.WordsFor(codeBits);
        signatureWords = BinaryCode.WordsFor(signatureBits);
        codes = new ulong[MinSlots * codeWords];
        signatures = new ulong[MinSlots * signatureWords];
        ids = new long[MinSlots];
        items = new T[MinSlots];
    }

    private Segment(Segment<T> source)
    {
        codeWords = source.codeWords;
        signatureWords = source.signatureWords;
        codes = source.codes;
        signatures = source.signatures;
        ids = source.ids;
        items = source.items;
        dead = (ulong[]?)source.dead?.Clone();
        Count = source.Count;
        DeadCount = source.DeadCount;
    }

    /// <summary>Slots in use, dead ones included.</summary>
    public int Count { get; private set; }

    /// <summary>Slots whose item was deleted or replaced.</summary>
    public int DeadCount { get; private set; }

    /// <summary>Bytes of the arrays, without what the items refer to.</summary>
    public long MemoryBytes =>
        ((codes.Length + signatures.Length + ids.Length + (dead?.Length ?? 0)) * (long)sizeof(ulong)) + ((long)items.Length * Unsafe.SizeOf<T>());

    public long Id(int slot) => ids[slot];

    public T Item(int slot) => items[slot];

    public bool IsDead(int slot) => dead is not null && (dead[slot >> 6] >> (slot & 63) & 1) != 0;

    public ReadOnlySpan<ulong> Code(int slot) => codes.AsSpan(slot * codeWords, codeWords);

    public ReadOnlySpan<ulong> Signature(int slot) => signatures.AsSpan(slot * signatureWords, signatureWords);

    /// <summary>A copy for the writer that shares the arrays.</summary>
    public Segment<T> Fork() => new(this);

    /// <summary>Writes an item into the next slot. Only on a fork, or on a segment that was never published.</summary>
    public void Append(long id, ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> signature, T item)
    {
        if (Count == ids.Length)
        {
            Array.Resize(ref codes, 2 * codes.Length);
            Array.Resize(ref signatures, 2 * signatures.Length);
            Array.Resize(ref items, 2 * items.Length);
            Array.Resize(ref ids, 2 * ids.Length);
        }

        code.CopyTo(codes.AsSpan(Count * codeWords, codeWords));
        signature.CopyTo(signatures.AsSpan(Count * signatureWords, signatureWords));
        ids[Count] = id;
        items[Count] = item;
        Count++;
    }

    /// <summary>Marks a live slot dead. Only on a fork, or on a segment that was never published.</summary>
    public void Kill(int slot)
    {
        dead ??= new ulong[MaxSlots / 64];
        dead[slot >> 6] |= 1UL << (slot & 63);
        DeadCount++;
    }
}
