using System.Numerics;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Health;

/// <summary>How often each bit is set, and each pair of bits together.</summary>
/// <remarks>
/// Codes are turned on their side in blocks, so that a pair of bits costs one AND and one POPCNT for 64 codes. A block is as many
/// codes as keep its planes in the nearest cache.
/// </remarks>
internal sealed unsafe class BitCounts
{
    private const int CacheWords = 4096;
    private const int MostBlockWords = 64;

    private readonly int bits;
    private readonly int words;
    private readonly int blockWords;

    // The 64 codes at hand, word by word of the code; then planes by bit.
    private readonly ulong[] rows;
    private readonly ulong[] planes;
    private readonly long[] ones;
    private readonly long[] together;
    private int inRows;
    private int inBlock;

    public BitCounts(int bits)
    {
        this.bits = bits;
        words = BinaryCode.WordsFor(bits);
        blockWords = Math.Clamp(CacheWords / bits, 8, MostBlockWords);
        rows = new ulong[words * 64];
        planes = new ulong[bits * blockWords];
        ones = new long[bits];
        together = new long[bits * (bits - 1) / 2];
    }

    /// <summary>Codes that were added.</summary>
    public long Count { get; private set; }

    /// <summary>Codes with a bit set; after <see cref="Finish"/>.</summary>
    public long Ones(int bit) => ones[bit];

    /// <summary>Codes with both bits set, the first below the second; after <see cref="Finish"/>.</summary>
    public long Together(int first, int second) => together[PairOf(first, second)];

    /// <summary>Adds a code several times.</summary>
    public void Add(ReadOnlySpan<ulong> code, int times)
    {
        Count += times;
        for (int i = 0; i < times; i++)
        {
            for (int word = 0; word < words; word++)
            {
                rows[(word << 6) + inRows] = code[word];
            }

            if (++inRows == 64)
            {
                Turn();
            }
        }
    }

    /// <summary>Counts what was added last; nothing is added afterwards.</summary>
    public void Finish()
    {
        if (inRows > 0)
        {
            for (int word = 0; word < words; word++)
            {
                rows.AsSpan((word << 6) + inRows, 64 - inRows).Clear();
            }

            Turn();
        }

        CountBlock();
    }

    private void Turn()
    {
        fixed (ulong* turned = rows)
        {
            for (int word = 0; word < words; word++)
            {
                BitPlanes.Transpose(turned + (word << 6));
            }
        }

        for (int bit = 0; bit < bits; bit++)
        {
            planes[(bit * blockWords) + inBlock] = rows[bit];
        }

        inRows = 0;
        if (++inBlock == blockWords)
        {
            CountBlock();
        }
    }

    private void CountBlock()
    {
        fixed (ulong* start = planes)
        {
            int pair = 0;
            for (int second = 0; second < bits; second++)
            {
                ulong* upper = start + (second * blockWords);
                ones[second] += CountBoth(upper, upper, inBlock);
                for (int first = 0; first < second; first++)
                {
                    together[pair++] += CountBoth(start + (first * blockWords), upper, inBlock);
                }
            }
        }

        inBlock = 0;
    }

    private static long CountBoth(ulong* left, ulong* right, int length)
    {
        long count = 0;
        for (int i = 0; i < length; i++)
        {
            count += BitOperations.PopCount(left[i] & right[i]);
        }

        return count;
    }

    private static int PairOf(int first, int second) => (second * (second - 1) / 2) + first;
}
