namespace Dpfah.Core.Indexing;

/// <summary>
/// An item's place in a ranking: by Hamming distance of the code, then by its weighted distance, then by the distance of the signature, then by id. Ids are unique, so
/// the order is total and a page that starts after a key neither repeats nor loses an item.
/// </summary>
/// <param name="Distance">Hamming distance of the codes, in bits.</param>
/// <param name="FineDistance">Hamming distance of the signatures, in bits; null throughout a ranking whose query has no signature.</param>
/// <param name="Id">Item number.</param>
/// <param name="WeightedDistance">Sum of the query's weights of the bits that differ; null throughout a ranking whose query has no weights.</param>
public readonly record struct RankKey(int Distance, int? FineDistance, long Id, int? WeightedDistance = null) : IComparable<RankKey>
{
    /// <summary>Negative when this key ranks before the other, positive when after; null distances rank first.</summary>
    public int CompareTo(RankKey other)
    {
        int order = Distance.CompareTo(other.Distance);
        if (order == 0)
        {
            order = Nullable.Compare(WeightedDistance, other.WeightedDistance);
        }

        if (order == 0)
        {
            order = Nullable.Compare(FineDistance, other.FineDistance);
        }

        return order != 0 ? order : Id.CompareTo(other.Id);
    }

    /// <summary>Ranks before.</summary>
    public static bool operator <(RankKey left, RankKey right) => left.CompareTo(right) < 0;

    /// <summary>Ranks after.</summary>
    public static bool operator >(RankKey left, RankKey right) => left.CompareTo(right) > 0;

    /// <summary>Ranks before, or is the same place.</summary>
    public static bool operator <=(RankKey left, RankKey right) => left.CompareTo(right) <= 0;

    /// <summary>Ranks after, or is the same place.</summary>
    public static bool operator >=(RankKey left, RankKey right) => left.CompareTo(right) >= 0;
}
