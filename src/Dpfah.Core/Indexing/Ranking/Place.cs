namespace Dpfah.Core.Indexing.Ranking;

/// <summary>Where an item stands in a ranking, and where it lies.</summary>
/// <param name="Distance">Hamming distance of the codes.</param>
/// <param name="WeightedDistance">Sum of the weights of the bits that differ; 0 for all when the query has none.</param>
/// <param name="FineDistance">Hamming distance of the signatures; 0 for all when the query has none.</param>
/// <param name="Id">Item number.</param>
/// <param name="View">Number of the segment's view.</param>
/// <param name="Slot">Slot in the segment.</param>
internal readonly record struct Place(int Distance, int WeightedDistance, int FineDistance, long Id, int View, int Slot) : IComparable<Place>
{
    public int CompareTo(Place other)
    {
        if (Distance != other.Distance)
        {
            return Distance < other.Distance ? -1 : 1;
        }

        if (WeightedDistance != other.WeightedDistance)
        {
            return WeightedDistance < other.WeightedDistance ? -1 : 1;
        }

        if (FineDistance != other.FineDistance)
        {
            return FineDistance < other.FineDistance ? -1 : 1;
        }

        return Id.CompareTo(other.Id);
    }
}
