using System.Numerics;

namespace Dpfah.Core.Codes;

/// <summary>Hamming distance over packed words.</summary>
public static class Hamming
{
    /// <summary>Number of bits in which two rows of words differ.</summary>
    /// <param name="left">Words, lowest bit first, as <see cref="BinaryCode.Words"/> gives them.</param>
    /// <param name="right">As many words.</param>
    /// <exception cref="ArgumentException">The rows differ in length.</exception>
    public static int Distance(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right)
    {
        if (left.Length != right.Length)
        {
            throw new ArgumentException($"A row of {right.Length} words cannot be compared with one of {left.Length}.", nameof(right));
        }

        int distance = 0;
        for (int i = 0; i < left.Length; i++)
        {
            distance += BitOperations.PopCount(left[i] ^ right[i]);
        }

        return distance;
    }
}
