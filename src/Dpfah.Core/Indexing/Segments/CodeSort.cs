namespace Dpfah.Core.Indexing.Segments;

/// <summary>Sorts codes by value: a radix sort by bytes, which keeps the order of equal codes.</summary>
internal static class CodeSort
{
    private const int Digits = 256;

    /// <summary>Reorders places so that the codes there ascend, the last word of a code counting most.</summary>
    /// <param name="codes">Packed codes by place.</param>
    /// <param name="wordsPerCode">Words of a code.</param>
    /// <param name="order">The places; equal codes keep their order.</param>
    public static void Sort(ReadOnlySpan<ulong> codes, int wordsPerCode, ref int[] order)
    {
        int count = order.Length;
        var keys = GC.AllocateUninitializedArray<ulong>(count);
        var otherKeys = GC.AllocateUninitializedArray<ulong>(count);
        int[] otherOrder = GC.AllocateUninitializedArray<int>(count);
        for (int word = 0; word < wordsPerCode; word++)
        {
            for (int i = 0; i < count; i++)
            {
                keys[i] = codes[(order[i] * wordsPerCode) + word];
            }

            SortByWord(ref keys, ref otherKeys, ref order, ref otherOrder);
        }
    }

    private static void SortByWord(ref ulong[] keys, ref ulong[] otherKeys, ref int[] order, ref int[] otherOrder)
    {
        int[] counts = CountDigits(keys);
        Span<int> next = stackalloc int[Digits];
        for (int digit = 0; digit < sizeof(ulong); digit++)
        {
            ReadOnlySpan<int> ofDigit = counts.AsSpan(digit * Digits, Digits);
            if (ofDigit.Contains(keys.Length))
            {
                // All codes agree in this byte, as short codes do in the upper ones.
                continue;
            }

            int sum = 0;
            for (int value = 0; value < Digits; value++)
            {
                next[value] = sum;
                sum += ofDigit[value];
            }

            int shift = 8 * digit;
            for (int i = 0; i < keys.Length; i++)
            {
                int place = next[(int)(keys[i] >> shift) & (Digits - 1)]++;
                otherKeys[place] = keys[i];
                otherOrder[place] = order[i];
            }

            (keys, otherKeys) = (otherKeys, keys);
            (order, otherOrder) = (otherOrder, order);
        }
    }

    private static int[] CountDigits(ulong[] keys)
    {
        var counts = new int[sizeof(ulong) * Digits];
        foreach (ulong key in keys)
        {
            for (int digit = 0; digit < sizeof(ulong); digit++)
            {
                counts[(digit * Digits) + ((int)(key >> (8 * digit)) & (Digits - 1))]++;
            }
        }

        return counts;
    }
}
