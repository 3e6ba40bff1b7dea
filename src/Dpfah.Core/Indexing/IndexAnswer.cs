namespace Dpfah.Core.Indexing;

/// <summary>What a search found, and where the ranking was cut.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
/// <remarks>
/// Codes are short, so many items share a distance and the cut at k usually falls inside such a tie. The two counts say
/// how arbitrary the cut is; they cover the whole ranking (items that pass filter and radius), not this page alone.
/// </remarks>
public sealed record IndexAnswer<T>
{
    /// <summary>At most k neighbors in ascending order of their keys.</summary>
    public required IReadOnlyList<Neighbor<T>> Neighbors { get; init; }

    /// <summary>Distance of the last neighbor, in bits; null when there is none.</summary>
    public int? CutDistance { get; init; }

    /// <summary>Items of the ranking nearer than <see cref="CutDistance"/>; 0 when there is no neighbor.</summary>
    public long BelowCut { get; init; }

    /// <summary>Items of the ranking at exactly <see cref="CutDistance"/>; 0 when there is no neighbor.</summary>
    public long TiedAtCut { get; init; }

    /// <summary>Items of the ranking at each distance from 0 on, at least as far as the cut; to the greatest distance there can be when no neighbor was found.</summary>
    public required IReadOnlyList<long> Counts { get; init; }

    /// <summary>Key of the last neighbor when more items follow, for the next page; null at the end of the ranking.</summary>
    public RankKey? Next { get; init; }
}
