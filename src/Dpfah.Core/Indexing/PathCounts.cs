namespace Dpfah.Core.Indexing;

/// <summary>How often each path answered, one count for each query and segment, since the index was made.</summary>
public sealed class PathCounts
{
    private long scans;
    private long sliced;
    private long tables;

    /// <summary>By comparing the query with every code.</summary>
    public long Scans => Volatile.Read(ref scans);

    /// <summary>By comparing several queries with every code, 512 codes at a time.</summary>
    public long Sliced => Volatile.Read(ref sliced);

    /// <summary>By looking parts of the code up in tables.</summary>
    public long Tables => Volatile.Read(ref tables);

    internal void CountScan() => Interlocked.Increment(ref scans);

    internal void CountSliced(int queries) => Interlocked.Add(ref sliced, queries);

    internal void CountTables() => Interlocked.Increment(ref tables);
}
