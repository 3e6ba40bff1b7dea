namespace Dpfah.Core.Indexing.Ranking;

/// <summary>A code within the bound, in eight bytes.</summary>
/// <param name="Packed">Distance, number of the segment's view, position; ordered by distance.</param>
internal readonly record struct Hit(ulong Packed)
{
    /// <summary>Most views that a snapshot may have.</summary>
    public const int MaxViews = 1 << 16;

    public Hit(int distance, int view, int position)
        : this(((ulong)distance << 48) | ((ulong)view << 32) | (uint)position)
    {
    }

    public int Distance => (int)(Packed >> 48);

    public int View => (int)(Packed >> 32) & (MaxViews - 1);

    public int Position => (int)Packed;
}
