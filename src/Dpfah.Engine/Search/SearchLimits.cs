namespace Dpfah.Engine.Search;

/// <summary>What a search may ask for.</summary>
public static class SearchLimits
{
    /// <summary>Items a page when the caller names no number.</summary>
    public const int DefaultK = 20;

    /// <summary>Most items a page.</summary>
    public const int MaxK = 1000;

    /// <summary>Most collections of one search.</summary>
    public const int MaxCollections = 16;

    /// <summary>Most queries of a batch.</summary>
    public const int MaxBatch = 256;

    /// <summary>
    /// Most bytes of all labels of a filter together, as UTF-8: a cursor carries them, and must fit into the line of a
    /// request, which has 8 KiB.
    /// </summary>
    public const int MaxLabelBytes = 2048;
}
