namespace Dpfah.Engine.Search;

/// <summary>What a search may ask for.</summary>
public static class SearchLimits
{
    /// <summary>Items a page when the caller names no number.</summary>
    public const int DefaultK = 20;

    /// <summary>Most items a page.</summary>
    public const int MaxK = 1000;
}
