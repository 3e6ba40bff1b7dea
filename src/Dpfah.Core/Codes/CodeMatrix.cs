namespace Dpfah.Core.Codes;

/// <summary>Many codes of one length, packed one after the other: row-major words of 64 bits, lowest bit first.</summary>
/// <remarks>
/// Unlike a <see cref="BinaryCode"/> a row may have any number of bits from 1 to <see cref="BinaryCode.MaxBits"/>. Bits beyond
/// <see cref="Bits"/> in the last word of a row are always zero. Safe to read from many threads while nobody writes.
/// </remarks>
public sealed class CodeMatrix
{
    private readonly ulong[] words;

    /// <summary>Makes room for codes whose bits are all zero.</summary>
    /// <param name="bits">Length of each code, 1 to <see cref="BinaryCode.MaxBits"/>.</param>
    /// <param name="count">Number of codes, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such length, or a negative count.</exception>
    public CodeMatrix(int bits, int count)
    {
        if (bits is < 1 or > BinaryCode.MaxBits)
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, $"A row has 1 to {BinaryCode.MaxBits} bits.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Bits = bits;
        Count = count;
        WordsPerCode = BinaryCode.WordsFor(bits);
        words = new ulong[(long)count * WordsPerCode];
    }

    /// <summary>Length of each code in bits.</summary>
    public int Bits { get; }

    /// <summary>Number of codes.</summary>
    public int Count { get; }

    /// <summary>Words of 64 bits in a row.</summary>
    public int WordsPerCode { get; }

    /// <summary>All rows, one after the other.</summary>
    public ReadOnlySpan<ulong> Words => words;

    /// <summary>Packs codes of one length.</summary>
    /// <param name="codes">At least one code; the first gives the length.</param>
    /// <exception cref="ArgumentException">No code, or a code of another length than the first.</exception>
    public static CodeMatrix From(IReadOnlyList<BinaryCode> codes)
    {
        if (codes.Count == 0)
        {
            throw new ArgumentException("Without a code the length is not known.", nameof(codes));
        }

        var matrix = new CodeMatrix(codes[0].Bits, codes.Count);
        for (int i = 0; i < codes.Count; i++)
        {
            matrix.Set(i, codes[i]);
        }

        return matrix;
    }

    /// <summary>Code i as a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such code, or the length is none of a <see cref="BinaryCode"/>.</exception>
    public BinaryCode this[int index] => BinaryCode.FromWords(Row(index), Bits);

    /// <summary>The words of code i.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such code.</exception>
    public ReadOnlySpan<ulong> Row(int index) => Slot(index);

    /// <summary>Replaces code i.</summary>
    /// <exception cref="ArgumentException">No such code, or the code has another length.</exception>
    public void Set(int index, BinaryCode code)
    {
        Span<ulong> slot = Slot(index);
        if (code.Bits != Bits)
        {
            throw new ArgumentException($"Code {index} has {code.Bits} bits, the others have {Bits}.", nameof(code));
        }

        code.Words.CopyTo(slot);
    }

    /// <summary>Replaces code i by the signs of a real vector: bit j is set when <c>real[j] ≥ 0</c> (Eq. 3 and 17 of the paper).</summary>
    /// <param name="index">Position of the code.</param>
    /// <param name="real">Real code u, <see cref="Bits"/> values.</param>
    /// <exception cref="ArgumentException">No such code, another length, or a value that is not a number.</exception>
    public void SetSigns(int index, ReadOnlySpan<float> real)
    {
        Span<ulong> slot = Slot(index);
        if (real.Length != Bits)
        {
            throw new ArgumentException($"The real code {index} has {real.Length} values, expected {Bits}.", nameof(real));
        }

        slot.Clear();
        for (int j = 0; j < real.Length; j++)
        {
            if (float.IsNaN(real[j]))
            {
                throw new ArgumentException($"Value {j} of the real code {index} is not a number.", nameof(real));
            }

            slot[j >> 6] |= (real[j] >= 0 ? 1UL : 0) << (j & 63);
        }
    }

    /// <summary>Replaces code i by the words of a code of the same length.</summary>
    internal void SetWords(int index, ReadOnlySpan<ulong> code) => code.CopyTo(Slot(index));

    /// <summary>Sets bit <paramref name="bit"/> of code <paramref name="index"/> to one; both are in range.</summary>
    internal void SetBit(int index, int bit) => words[((long)index * WordsPerCode) + (bit >> 6)] |= 1UL << (bit & 63);

    private Span<ulong> Slot(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return words.AsSpan(index * WordsPerCode, WordsPerCode);
    }
}
