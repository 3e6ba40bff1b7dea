using System.Diagnostics.CodeAnalysis;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Indexing;

/// <summary>The index at one moment. It never changes, so any number of threads may read it, beside a writer too.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
public sealed class IndexSnapshot<T>
{
    private readonly Segment<T>[] segments;

    internal IndexSnapshot(int bits, int signatureBits, Segment<T>[] segments, SlotTable table)
    {
        Bits = bits;
        SignatureBits = signatureBits;
        this.segments = segments;
        Table = table;
        foreach (Segment<T> segment in segments)
        {
            Slots += segment.Count;
            Count += segment.Count - segment.DeadCount;
        }
    }

    /// <summary>Length of the codes, in bits.</summary>
    public int Bits { get; }

    /// <summary>Length of the signatures, in bits.</summary>
    public int SignatureBits { get; }

    /// <summary>Items in the index.</summary>
    public int Count { get; }

    /// <summary>Bytes held for codes, signatures, ids and look-up, in part shared with other snapshots; without what the items refer to.</summary>
    public long MemoryBytes => Table.MemoryBytes + segments.Sum(s => s.MemoryBytes);

    /// <summary>All items, in no particular order.</summary>
    public IEnumerable<IndexEntry<T>> Entries
    {
        get
        {
            foreach (Segment<T> segment in segments)
            {
                for (int slot = 0; slot < segment.Count; slot++)
                {
                    if (!segment.IsDead(slot))
                    {
                        yield return Entry(segment, slot);
                    }
                }
            }
        }
    }

    internal ReadOnlySpan<Segment<T>> Segments => segments;

    internal SlotTable Table { get; }

    /// <summary>Slots in use, dead ones included.</summary>
    internal int Slots { get; }

    /// <summary>Looks an item up by its id.</summary>
    /// <returns>False when this snapshot has no such item.</returns>
    public bool TryGet(long id, [MaybeNullWhen(false)] out IndexEntry<T> entry)
    {
        int slot = FindSlot(segments, Table, id);
        entry = slot < 0 ? default : Entry(segments[slot / Segment<T>.MaxSlots], slot % Segment<T>.MaxSlots);
        return slot >= 0;
    }

    /// <summary>Finds the items nearest to a query.</summary>
    /// <param name="query">Code, number of neighbors, and what limits them.</param>
    /// <param name="cancellationToken">Looked at every <c>4096</c> codes.</param>
    /// <returns>Neighbors in the order of their <see cref="RankKey"/>, with the cut report.</returns>
    /// <exception cref="ArgumentException">A property of the query is out of range; the exception's parameter is its name.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <remarks>Exact. O(n · bits / 64), whatever k is, plus the tie at the cut.</remarks>
    public IndexAnswer<T> Search(IndexQuery<T> query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfInvalid(Bits, SignatureBits);
        return new CountingSearch<T>(this, query).Run(cancellationToken);
    }

    /// <summary>The live slot that holds an id, or -1.</summary>
    internal static int FindSlot(ReadOnlySpan<Segment<T>> segments, SlotTable table, long id)
    {
        int slot = table.Find(id);
        if (slot < 0)
        {
            return -1;
        }

        if (Holds(segments, slot, id))
        {
            return segments[slot / Segment<T>.MaxSlots].IsDead(slot % Segment<T>.MaxSlots) ? -1 : slot;
        }

        // The id was put again after this snapshot was taken, and the table knows the newest slot only.
        for (int i = 0; i < segments.Length; i++)
        {
            for (int s = 0; s < segments[i].Count; s++)
            {
                if (segments[i].Id(s) == id && !segments[i].IsDead(s))
                {
                    return (i * Segment<T>.MaxSlots) + s;
                }
            }
        }

        return -1;
    }

    private static bool Holds(ReadOnlySpan<Segment<T>> segments, int slot, long id)
    {
        int index = slot / Segment<T>.MaxSlots;
        int offset = slot % Segment<T>.MaxSlots;
        return index < segments.Length && offset < segments[index].Count && segments[index].Id(offset) == id;
    }

    private IndexEntry<T> Entry(Segment<T> segment, int slot) => new(
        segment.Id(slot),
        BinaryCode.FromWords(segment.Code(slot), Bits),
        BinaryCode.FromWords(segment.Signature(slot), SignatureBits),
        segment.Item(slot));
}
