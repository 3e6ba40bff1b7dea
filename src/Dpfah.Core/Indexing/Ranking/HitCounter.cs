using System.Runtime.CompilerServices;

namespace Dpfah.Core.Indexing.Ranking;

/// <summary>
/// What a query has found so far. Distances are small integers, so their histogram tells where the k-th neighbor lies: that
/// distance is the bound beyond which nothing matters, and no heap is kept.
/// </summary>
/// <remarks>
/// Two histograms: of the whole ranking, for the cut report, and of what follows the page's start. Both are exact up to
/// <see cref="Bound"/> once every code within it was offered; ties at the bound are kept, since they are ordered by signature.
/// </remarks>
internal abstract class HitCounter
{
    private const int LeastHits = 64;

    // What a run keeps for the next query.
    private const int MostKeptHits = 1 << 14;

    private long needed;
    private int afterDistance;
    private readonly long[] counts;
    private readonly long[] followers;
    private long within;
    private Hit[] hits = new Hit[LeastHits];
    private int hitCount;
    private int view;
    private bool isPlain;

    // What was counted before the current view, for Forget.
    private readonly long[] countsBefore;
    private readonly long[] followersBefore;

    /// <param name="bits">Length of the codes.</param>
    protected HitCounter(int bits)
    {
        Bits = bits;
        Code = new ulong[Codes.BinaryCode.WordsFor(bits)];
        counts = new long[bits + 1];
        followers = new long[bits + 1];
        countsBefore = new long[bits + 1];
        followersBefore = new long[bits + 1];
    }

    /// <summary>Words of the query's code.</summary>
    public ulong[] Code { get; }

    public int Bits { get; }

    /// <summary>Greatest distance that can still matter.</summary>
    public int Bound { get; private set; }

    /// <summary>Items still missing to k within the bound; 0 when the bound is a k-th distance.</summary>
    public bool HasEnough => within >= needed;

    /// <summary>Items wanted behind the page's start.</summary>
    public long Needed => needed;

    /// <summary>Items of the ranking by distance, exact up to <see cref="Bound"/>.</summary>
    protected ReadOnlySpan<long> Counts => counts;

    /// <summary>Of those, what follows the page's start.</summary>
    protected ReadOnlySpan<long> Followers => followers;

    protected ReadOnlySpan<Hit> Hits => hits.AsSpan(0, hitCount);

    /// <summary>Followers at a distance in the views before this one.</summary>
    public long FoundBefore(int distance) => followersBefore[distance];

    /// <summary>Followers at a distance in the current view.</summary>
    public long FoundInView(int distance) => followers[distance] - followersBefore[distance];

    /// <summary>Forgets all and begins anew.</summary>
    /// <param name="code">Words of the query's code.</param>
    /// <param name="radius">Greatest distance of the ranking.</param>
    /// <param name="wanted">Items to find behind the page's start.</param>
    /// <param name="pageStart">Distance of the page's start; -1 for the first page.</param>
    protected void Start(ReadOnlySpan<ulong> code, int radius, long wanted, int pageStart)
    {
        code.CopyTo(Code);
        Bound = radius;
        needed = wanted;
        afterDistance = pageStart;
        within = 0;
        hitCount = 0;
        Array.Clear(counts);
        Array.Clear(followers);
    }

    /// <summary>Turns to the next segment.</summary>
    /// <param name="index">Number of its view.</param>
    /// <param name="isPlainView">Whether each code is one live item that passes the filter.</param>
    protected void BeginView(int index, bool isPlainView)
    {
        view = index;
        isPlain = isPlainView;
        counts.CopyTo(countsBefore, 0);
        followers.CopyTo(followersBefore, 0);
    }

    /// <summary>Counts an item once less, before anything was offered.</summary>
    /// <param name="distance">Its distance, at most <see cref="Bound"/>.</param>
    /// <param name="follows">Whether it follows the page's start.</param>
    protected void Discount(int distance, bool follows)
    {
        counts[distance]--;
        followers[distance] -= follows ? 1 : 0;
        within -= follows ? 1 : 0;
    }

    /// <summary>Takes back all that was offered of the current view. The bound stays: it was found, whatever is forgotten.</summary>
    public void Forget()
    {
        countsBefore.CopyTo(counts, 0);
        followersBefore.CopyTo(followers, 0);
        within = 0;
        for (int distance = 0; distance <= Bound; distance++)
        {
            within += followers[distance];
        }

        int kept = 0;
        for (int i = 0; i < hitCount; i++)
        {
            if (hits[i].View != view)
            {
                hits[kept++] = hits[i];
            }
        }

        hitCount = kept;
    }

    /// <summary>Counts the items of a code of the current view, each code once.</summary>
    /// <param name="position">The code.</param>
    /// <param name="distance">Its distance, at most <see cref="Bound"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(int position, int distance)
    {
        if (isPlain && distance > afterDistance)
        {
            Count(position, distance, 1, 1);
        }
        else
        {
            (int ranked, int following) = Weigh(view, position, distance);
            Count(position, distance, ranked, following);
        }
    }

    /// <summary>How many live items of a code pass the filter, and how many of those follow the page's start.</summary>
    protected abstract (int Ranked, int Following) Weigh(int viewIndex, int position, int distance);

    private void Count(int position, int distance, int ranked, int following)
    {
        counts[distance] += ranked;
        if (following == 0)
        {
            return;
        }

        followers[distance] += following;
        within += following;
        if (hitCount == hits.Length)
        {
            MakeRoom();
        }

        hits[hitCount++] = new Hit(distance, view, position);
        while (within - followers[Bound] >= needed)
        {
            within -= followers[Bound];
            Bound--;
        }
    }

    /// <summary>Gives back the memory of a query with uncommonly many hits.</summary>
    protected void Shrink()
    {
        if (hits.Length > MostKeptHits)
        {
            hits = new Hit[LeastHits];
        }
    }

    private void MakeRoom()
    {
        int kept = 0;
        for (int i = 0; i < hitCount; i++)
        {
            if (hits[i].Distance <= Bound)
            {
                hits[kept++] = hits[i];
            }
        }

        hitCount = kept;
        if (2 * hitCount > hits.Length)
        {
            Array.Resize(ref hits, 2 * hits.Length);
        }
    }
}
