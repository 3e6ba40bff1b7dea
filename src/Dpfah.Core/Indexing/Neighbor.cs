namespace Dpfah.Core.Indexing;

/// <summary>An item that a search found.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
/// <param name="Id">Item number.</param>
/// <param name="Distance">Hamming distance of its code to the query's, in bits.</param>
/// <param name="WeightedDistance">Sum of the query's weights of the bits that differ; null when the query has none.</param>
/// <param name="FineDistance">Hamming distance of its signature to the query's, in bits; null when the query has none.</param>
/// <param name="Item">What the caller keeps with the item.</param>
public readonly record struct Neighbor<T>(long Id, int Distance, int? WeightedDistance, int? FineDistance, T Item)
{
    /// <summary>Its place in the ranking.</summary>
    public RankKey Key => new(Distance, FineDistance, Id, WeightedDistance);
}
