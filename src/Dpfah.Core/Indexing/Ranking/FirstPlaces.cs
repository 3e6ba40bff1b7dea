namespace Dpfah.Core.Indexing.Ranking;

/// <summary>Keeps the first-ranking of the places that it is offered.</summary>
/// <remarks>
/// Twice as many as wanted are collected before they are sorted and half of them dropped; from then on most offers fail one
/// comparison with the last that was kept. A tie at the cut may have thousands of items.
/// </remarks>
internal sealed class FirstPlaces
{
    private const int LeastCapacity = 32;
    private const int MostKept = 1 << 12;

    private Place[] places = new Place[LeastCapacity];
    private int wanted;
    private int count;
    private bool isCut;
    private Place last;

    /// <summary>Forgets all and begins anew.</summary>
    /// <param name="count">Places to keep, at least 1.</param>
    public void Start(int count)
    {
        wanted = count;
        this.count = 0;
        isCut = false;
    }

    /// <summary>Gives back the memory of an uncommonly large answer.</summary>
    public void Shrink()
    {
        if (places.Length > MostKept)
        {
            places = new Place[LeastCapacity];
        }
    }

    public void Offer(Place place)
    {
        if (isCut && place.CompareTo(last) > 0)
        {
            return;
        }

        if (count == places.Length)
        {
            if (count >= 2L * wanted)
            {
                Cut();
            }
            else
            {
                Array.Resize(ref places, (int)Math.Min(Array.MaxLength, 2L * count));
            }
        }

        places[count++] = place;
    }

    /// <summary>The places kept, in their order.</summary>
    public ReadOnlySpan<Place> Sorted()
    {
        places.AsSpan(0, count).Sort();
        return places.AsSpan(0, Math.Min(wanted, count));
    }

    private void Cut()
    {
        places.AsSpan(0, count).Sort();
        count = wanted;
        last = places[wanted - 1];
        isCut = true;
    }
}
