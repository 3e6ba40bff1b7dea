using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Dpfah.Core.Codes;

/// <summary>A binary code of a picture: a fixed number of bits, compared by Hamming distance.</summary>
/// <remarks>
/// Bit i is stored in byte i/8 at position i%8, lowest bit first; as text a code is the lower-case hex of its bytes.
/// Bits beyond <see cref="Bits"/> in the last word are always zero.
/// </remarks>
public readonly struct BinaryCode : IEquatable<BinaryCode>
{
    /// <summary>The longest code, in bits.</summary>
    public const int MaxBits = 1024;

    private readonly ulong[]? words;

    private BinaryCode(ulong[] words, int bits)
    {
        this.words = words;
        Bits = bits;
    }

    /// <summary>Length of the code in bits; a multiple of 8 from 8 to <see cref="MaxBits"/>, or 0 for the default value.</summary>
    public int Bits { get; }

    /// <summary>The code as words of 64 bits, lowest bit first.</summary>
    public ReadOnlySpan<ulong> Words => words;

    /// <summary>How many words of 64 bits hold a code of this many bits.</summary>
    public static int WordsFor(int bits) => (bits + 63) / 64;

    /// <summary>Throws unless <paramref name="bits"/> is a length that a code can have.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a multiple of 8 from 8 to <see cref="MaxBits"/>.</exception>
    public static void ThrowIfInvalidLength(int bits, [CallerArgumentExpression(nameof(bits))] string? name = null)
    {
        if (bits is < 8 or > MaxBits || bits % 8 != 0)
        {
            throw new ArgumentOutOfRangeException(name, bits, $"A code has a multiple of 8 bits, from 8 to {MaxBits}.");
        }
    }

    /// <summary>The code of a real vector: bit i is set when <c>real[i] ≥ 0</c> (Eq. 3 and 17 of the paper).</summary>
    /// <param name="real">Real code u; its length is the number of bits.</param>
    /// <exception cref="ArgumentException">A value is not a number, or the length is no code length.</exception>
    public static BinaryCode FromSigns(ReadOnlySpan<float> real)
    {
        ThrowIfInvalidLength(real.Length, nameof(real));
        var words = new ulong[WordsFor(real.Length)];
        for (int i = 0; i < real.Length; i++)
        {
            if (float.IsNaN(real[i]))
            {
                throw new ArgumentException($"Value {i} of the real code is not a number.", nameof(real));
            }

            if (real[i] >= 0)
            {
                words[i >> 6] |= 1UL << (i & 63);
            }
        }

        return new BinaryCode(words, real.Length);
    }

    /// <summary>Reads a code from its bytes.</summary>
    /// <exception cref="ArgumentException">The length is no code length.</exception>
    public static BinaryCode FromBytes(ReadOnlySpan<byte> bytes)
    {
        // Saturated: eight times the length of a span of 2^29 bytes is beyond an int.
        ThrowIfInvalidLength((int)Math.Min(8L * bytes.Length, int.MaxValue), nameof(bytes));
        var words = new ulong[WordsFor(bytes.Length * 8)];
        for (int i = 0; i < bytes.Length; i++)
        {
            words[i >> 3] |= (ulong)bytes[i] << (8 * (i & 7));
        }

        return new BinaryCode(words, bytes.Length * 8);
    }

    /// <summary>Reads a code from its words.</summary>
    /// <param name="source">At least <see cref="WordsFor"/>(bits) words; bits beyond the length must be zero.</param>
    /// <param name="bits">Length in bits.</param>
    /// <exception cref="ArgumentException">Too few words, or a bit beyond the length is set.</exception>
    public static BinaryCode FromWords(ReadOnlySpan<ulong> source, int bits)
    {
        ThrowIfInvalidLength(bits);
        int count = WordsFor(bits);
        if (source.Length < count || ((bits & 63) != 0 && source[count - 1] >> (bits & 63) != 0))
        {
            throw new ArgumentException($"{bits} bits need {count} words without a set bit beyond the length.", nameof(source));
        }

        return new BinaryCode(source[..count].ToArray(), bits);
    }

    /// <summary>Reads a code from hex text, two digits a byte, either case.</summary>
    /// <returns>False when the text is not hex or its length is no code length.</returns>
    public static bool TryParseHex([NotNullWhen(true)] string? text, out BinaryCode code)
    {
        code = default;
        if (text is null || text.Length is 0 or > MaxBits / 4 || text.Length % 2 != 0)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[text.Length / 2];
        if (Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        code = FromBytes(bytes);
        return true;
    }

    /// <summary>Bit i of the code.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such bit.</exception>
    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Bits);
            return (words![index >> 6] >> (index & 63) & 1) != 0;
        }
    }

    /// <summary>Number of bits in which two codes differ.</summary>
    /// <exception cref="ArgumentException">The codes differ in length.</exception>
    public int HammingDistance(BinaryCode other)
    {
        if (other.Bits != Bits)
        {
            throw new ArgumentException($"A code of {other.Bits} bits cannot be compared with one of {Bits}.", nameof(other));
        }

        return Hamming.Distance(Words, other.Words);
    }

    /// <summary>The code as bytes, as stored and as sent.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bits / 8];
        Span<byte> word = stackalloc byte[8];
        for (int i = 0; i < Words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, Words[i]);
            word[..Math.Min(8, bytes.Length - (8 * i))].CopyTo(bytes.AsSpan(8 * i));
        }

        return bytes;
    }

    /// <summary>The code as lower-case hex.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());

    /// <inheritdoc/>
    public bool Equals(BinaryCode other) => Bits == other.Bits && Words.SequenceEqual(other.Words);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BinaryCode other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Bits);
        foreach (ulong word in Words)
        {
            hash.Add(word);
        }

        return hash.ToHashCode();
    }

    /// <summary>Equal length and equal bits.</summary>
    public static bool operator ==(BinaryCode left, BinaryCode right) => left.Equals(right);

    /// <summary>Another length or another bit.</summary>
    public static bool operator !=(BinaryCode left, BinaryCode right) => !left.Equals(right);
}
