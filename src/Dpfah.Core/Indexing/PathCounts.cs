namespace Dpfah.Core.Indexing;

/// <summary>How often each path answered, one count for each query and segment, since the index was made.</summary>
public sealed class PathCounts
{
    private long scans;
    private long sliced;
    private long tables;
    private long walks;

    /// <summary>By comparing the query with every code.</summary>
    public long Scans => Volatile.Read(ref scans);

    /// <summary>By comparing several queries with every code, 512 codes at a time.</summary>
    public long Sliced => Volatile.Read(ref sliced);

    /// <summary>By looking parts of the code up in tables.</summary>
    public long Tables => Volatile.Read(ref tables);

    /// <summary>By comparing the query with the few codes whose items pass its filter.</summary>
    public long Walks => Volatile.Read(ref walks);

    internal void CountScan() => Interlocked.Increment(ref scans);

    internal void CountSliced(int queries) => Interlocked.Add(ref sliced, queries);

    internal void CountTables() => Interlocked.Increment(ref tables);

    internal void CountWalk() => Interlocked.Increment(ref walks);
}
