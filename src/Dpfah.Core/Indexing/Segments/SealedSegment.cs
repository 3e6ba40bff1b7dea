using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Indexing.Segments;

/// <summary>A segment that never changes: items in the order of (code, id), equal codes stored once where that pays.</summary>
internal sealed class SealedSegment<T> : Segment<T>
{
    private readonly IdColumn ids;
    private readonly ulong[] signatures;
    private readonly int signatureWords;
    private readonly T[] items;
    private readonly Lazy<Task<SegmentColumns>> columns;

    public SealedSegment(
        AlignedWords codes, int[]? starts, BitPlanes? planes, PartTables? tables, IdColumn ids, ulong[] signatures, int signatureWords, T[] items)
    {
        Codes = codes;
        Starts = starts;
        Planes = planes;
        Tables = tables;
        this.ids = ids;
        this.signatures = signatures;
        this.signatureWords = signatureWords;
        this.items = items;
        columns = new Lazy<Task<SegmentColumns>>(() => Task.Factory.StartNew(
            () => SegmentColumns.Of(items, ids), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    /// <summary>Number of items.</summary>
    public int Count => items.Length;

    public override AlignedWords Codes { get; }

    public override int[]? Starts { get; }

    public override BitPlanes? Planes { get; }

    public override PartTables? Tables { get; }

    /// <remarks>Made when the first filter asks: an index that is never filtered does not pay for them.</remarks>
    public override SegmentColumns Columns(CancellationToken cancellationToken)
    {
        // A search that is cancelled does not wait for the work of seconds that millions of items are.
        columns.Value.Wait(cancellationToken);
        return columns.Value.Result;
    }

    /// <summary>Whether a filter has asked.</summary>
    public bool HasColumns => columns is { IsValueCreated: true, Value.IsCompletedSuccessfully: true };

    public override long MemoryBytes =>
        Codes.MemoryBytes + (sizeof(int) * (Starts?.LongLength ?? 0)) + (Planes?.MemoryBytes ?? 0) + (Tables?.MemoryBytes ?? 0)
        + ids.MemoryBytes + (sizeof(ulong) * signatures.LongLength) + BytesOf(items)
        + (HasColumns ? columns.Value.Result.MemoryBytes : 0);

    public override long Id(int slot) => ids[slot];

    public override T Item(int slot) => items[slot];

    public override ReadOnlySpan<ulong> Signature(int slot) => signatures.AsSpan(slot * signatureWords, signatureWords);

    public override int FindLive(long id, int count, SlotSet dead)
    {
        int slot = ids.Find(id);
        return slot < 0 || dead.Contains(slot) ? -1 : slot;
    }
}
