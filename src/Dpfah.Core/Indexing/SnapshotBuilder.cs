using System.Runtime.InteropServices;

namespace Dpfah.Core.Indexing;

/// <summary>The writer's draft of the next snapshot: forks the segments that it touches and shares all others.</summary>
internal sealed class SnapshotBuilder<T>
{
    private readonly int bits;
    private readonly int signatureBits;
    private readonly List<Segment<T>> segments;
    private readonly HashSet<int> forked = [];
    private SlotTable table;

    public SnapshotBuilder(IndexSnapshot<T> snapshot)
    {
        bits = snapshot.Bits;
        signatureBits = snapshot.SignatureBits;
        segments = [.. snapshot.Segments];
        table = snapshot.Table;
    }

    private SnapshotBuilder(int bits, int signatureBits)
    {
        this.bits = bits;
        this.signatureBits = signatureBits;
        segments = [];
        table = SlotTable.Empty();
    }

    public void Put(IndexEntry<T> entry)
    {
        Delete(entry.Id);
        Append(entry.Id, entry.Code.Words, entry.Signature.Words, entry.Item);
    }

    public void Delete(long id)
    {
        int slot = IndexSnapshot<T>.FindSlot(CollectionsMarshal.AsSpan(segments), table, id);
        if (slot >= 0)
        {
            Own(slot / Segment<T>.MaxSlots).Kill(slot % Segment<T>.MaxSlots);
        }
    }

    /// <summary>The finished snapshot; without the dead slots when they are more than half.</summary>
    public IndexSnapshot<T> Build()
    {
        long slots = segments.Sum(s => (long)s.Count);
        long dead = segments.Sum(s => (long)s.DeadCount);
        return 2 * dead > slots ? Compacted() : new IndexSnapshot<T>(bits, signatureBits, [.. segments], table);
    }

    private IndexSnapshot<T> Compacted()
    {
        var target = new SnapshotBuilder<T>(bits, signatureBits);
        foreach (Segment<T> segment in segments)
        {
            for (int slot = 0; slot < segment.Count; slot++)
            {
                if (!segment.IsDead(slot))
                {
                    target.Append(segment.Id(slot), segment.Code(slot), segment.Signature(slot), segment.Item(slot));
                }
            }
        }

        return new IndexSnapshot<T>(bits, signatureBits, [.. target.segments], target.table);
    }

    private void Append(long id, ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> signature, T item)
    {
        if (segments.Count == 0 || segments[^1].Count == Segment<T>.MaxSlots)
        {
            forked.Add(segments.Count);
            segments.Add(new Segment<T>(bits, signatureBits));
        }

        int last = segments.Count - 1;
        Segment<T> segment = Own(last);
        int slot = checked((last * Segment<T>.MaxSlots) + segment.Count);
        segment.Append(id, code, signature, item);
        table = table.Set(id, slot);
    }

    private Segment<T> Own(int index)
    {
        if (forked.Add(index))
        {
            segments[index] = segments[index].Fork();
        }

        return segments[index];
    }
}
