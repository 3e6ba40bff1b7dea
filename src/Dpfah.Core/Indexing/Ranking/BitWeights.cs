namespace Dpfah.Core.Indexing.Ranking;

/// <summary>The weighted distance of codes to one query: the sum of the weights of the bits that differ, eight bits at a time from tables.</summary>
internal sealed class BitWeights
{
    private const int ByteValues = 256;

    private readonly ulong[] code;

    // [byte of the code][which of its bits differ]
    private readonly int[] sums;

    /// <param name="code">Words of the query's code.</param>
    /// <param name="weights">A weight for each bit.</param>
    public BitWeights(ulong[] code, IReadOnlyList<ushort> weights)
    {
        this.code = code;
        sums = new int[weights.Count / 8 * ByteValues];
        for (int bit = 0; bit < weights.Count; bit++)
        {
            int start = bit / 8 * ByteValues, lowest = 1 << (bit % 8);
            for (int value = 0; value < lowest; value++)
            {
                sums[start + lowest + value] = sums[start + value] + weights[bit];
            }
        }
    }

    /// <summary>The weighted distance of a code.</summary>
    public int Distance(ReadOnlySpan<ulong> other)
    {
        int distance = 0;
        for (int start = 0, index = 0; start < sums.Length; start += ByteValues, index++)
        {
            distance += sums[start + (byte)((code[index >> 3] ^ other[index >> 3]) >> (8 * (index & 7)))];
        }

        return distance;
    }
}
