namespace Dpfah.Core.Health;

/// <summary>Pairs of items by the distance of their codes, and how many of them have a label in common.</summary>
internal sealed class DistanceCounts(int bits)
{
    private readonly long[] pairs = new long[bits + 1];
    private readonly long[] same = new long[bits + 1];

    /// <summary>Pairs at each distance from 0.</summary>
    public ReadOnlySpan<long> Pairs => pairs;

    /// <summary>Those that have a label in common.</summary>
    public ReadOnlySpan<long> Same => same;

    /// <summary>Adds a pair.</summary>
    public void Add(int distance, bool isSame)
    {
        pairs[distance]++;
        same[distance] += isSame ? 1 : 0;
    }

    /// <summary>Adds counts of which the upper 32 bits are the pairs with a common label, and clears them.</summary>
    public void Take(ulong[] packed)
    {
        for (int distance = 0; distance < packed.Length; distance++)
        {
            pairs[distance] += (uint)packed[distance];
            same[distance] += (long)(packed[distance] >> 32);
            packed[distance] = 0;
        }
    }
}
