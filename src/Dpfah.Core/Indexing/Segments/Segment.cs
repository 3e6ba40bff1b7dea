using System.Runtime.CompilerServices;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Indexing.Segments;

/// <summary>A part of the index: codes, and for each code the slots of the items that have it.</summary>
/// <remarks>
/// A <em>slot</em> is an item's place in its segment, a <em>position</em> a code's. Without <see cref="Starts"/> the two are the
/// same; with it the items of code p are slots <c>Starts[p]</c> to before <c>Starts[p + 1]</c>.
/// </remarks>
internal abstract class Segment<T>
{
    /// <summary>Codes by position, packed.</summary>
    public abstract AlignedWords Codes { get; }

    /// <summary>First slot of each code and the end of the last; null when code p belongs to slot p alone.</summary>
    public virtual int[]? Starts => null;

    /// <summary>The codes on their side; null when they were not made.</summary>
    public virtual BitPlanes? Planes => null;

    /// <summary>Tables from parts of a code to positions; null when a scan is faster.</summary>
    public virtual PartTables? Tables => null;

    /// <summary>The items' fields; null when a filter looks at each item instead.</summary>
    /// <param name="cancellationToken">Ends the waiting for columns that are being made.</param>
    public virtual SegmentColumns? Columns(CancellationToken cancellationToken) => null;

    /// <summary>Bytes of all arrays, without what the items refer to.</summary>
    public abstract long MemoryBytes { get; }

    public abstract long Id(int slot);

    public abstract T Item(int slot);

    public abstract ReadOnlySpan<ulong> Signature(int slot);

    /// <summary>Finds a slot below <paramref name="count"/> that holds an id and is not dead; -1 when there is none.</summary>
    public abstract int FindLive(long id, int count, SlotSet dead);

    protected static long BytesOf(T[] items) => (long)items.Length * Unsafe.SizeOf<T>();
}
