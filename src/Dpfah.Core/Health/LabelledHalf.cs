using System.Numerics;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Health;

/// <summary>Codes and label sets of some items.</summary>
internal sealed class LabelledHalf
{
    private const int RowsBetweenLooks = 64;

    private readonly int words;
    private readonly ulong[] codes;
    private readonly int[][] labels;

    // A bit for each label, modulo 64: items without a common bit have no common label.
    private readonly ulong[] masks;

    public LabelledHalf(int bits, int count)
    {
        Bits = bits;
        words = BinaryCode.WordsFor(bits);
        codes = new ulong[words * count];
        labels = new int[count][];
        masks = new ulong[count];
    }

    public int Bits { get; }

    public int Count => labels.Length;

    /// <summary>Pairs of two items.</summary>
    public long Pairs => (long)Count * (Count - 1) / 2;

    /// <summary>Sets an item.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="code">Its code.</param>
    /// <param name="numbers">Numbers of its labels, ascending, at least one.</param>
    public void Set(int index, ReadOnlySpan<ulong> code, int[] numbers)
    {
        code.CopyTo(codes.AsSpan(index * words));
        labels[index] = numbers;
        foreach (int number in numbers)
        {
            masks[index] |= 1UL << (number & 63);
        }
    }

    /// <summary>Counts all pairs by their distance.</summary>
    /// <param name="cancellationToken">Looked at every 64 items.</param>
    public DistanceCounts CountPairs(CancellationToken cancellationToken)
    {
        // Pairs in the lower half of a word, those with a common label in the upper: one addition a pair. A row has fewer than 2^32.
        var row = new ulong[Bits + 1];
        var counts = new DistanceCounts(Bits);
        for (int i = 1; i < Count; i++)
        {
            if (i % RowsBetweenLooks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            CountRow(i, row);
            counts.Take(row);
        }

        return counts;
    }

    private void CountRow(int item, ulong[] row)
    {
        ReadOnlySpan<ulong> own = codes.AsSpan(item * words, words);
        ulong mask = masks[item];
        for (int other = 0; other < item; other++)
        {
            int distance = 0;
            int start = other * words;
            for (int word = 0; word < own.Length; word++)
            {
                distance += BitOperations.PopCount(own[word] ^ codes[start + word]);
            }

            row[distance] += (mask & masks[other]) != 0 && Share(labels[item], labels[other]) ? (1UL << 32) | 1 : 1;
        }
    }

    private static bool Share(int[] left, int[] right)
    {
        for (int i = 0, j = 0; i < left.Length && j < right.Length;)
        {
            if (left[i] == right[j])
            {
                return true;
            }

            if (left[i] < right[j])
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return false;
    }
}
