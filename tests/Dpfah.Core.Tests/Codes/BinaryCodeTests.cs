using CsCheck;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Tests.Codes;

public class BinaryCodeTests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[1, BinaryCode.MaxBits / 8];

    [Fact]
    public void Hex_comes_back_as_the_same_code()
    {
        Bytes.Sample(bytes =>
        {
            BinaryCode code = BinaryCode.FromBytes(bytes);
            Assert.Equal(Convert.ToHexStringLower(bytes), code.ToString());
            Assert.True(BinaryCode.TryParseHex(code.ToString().ToUpperInvariant(), out BinaryCode parsed));
            Assert.Equal(code, parsed);
            Assert.Equal(code.GetHashCode(), parsed.GetHashCode());
        });
    }

    [Fact]
    public void Bytes_and_words_come_back_as_the_same_code()
    {
        Bytes.Sample(bytes =>
        {
            BinaryCode code = BinaryCode.FromBytes(bytes);
            Assert.Equal(bytes, code.ToBytes());
            Assert.Equal(code, BinaryCode.FromWords(code.Words, code.Bits));
        });
    }

    [Fact]
    public void Bit_i_is_in_byte_i_over_8_at_position_i_mod_8()
    {
        Bytes.Sample(bytes =>
        {
            BinaryCode code = BinaryCode.FromBytes(bytes);
            for (int i = 0; i < code.Bits; i++)
            {
                Assert.Equal((bytes[i / 8] >> (i % 8) & 1) != 0, code[i]);
                Assert.Equal((code.Words[i / 64] >> (i % 64) & 1) != 0, code[i]);
            }
        });
    }

    [Fact]
    public void A_bit_is_set_where_the_real_code_is_not_negative()
    {
        float[] real = [1, -1, 0f, -0f, float.Epsilon, -float.Epsilon, float.PositiveInfinity, float.NegativeInfinity];
        Assert.Equal([0b0101_1101], BinaryCode.FromSigns(real).ToBytes());
    }

    [Fact]
    public void A_real_code_with_NaN_is_refused()
    {
        var real = new float[16];
        real[11] = float.NaN;
        ArgumentException error = Assert.Throws<ArgumentException>(() => BinaryCode.FromSigns(real));
        Assert.Contains("Value 11", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-8)]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(1032)]
    public void Other_lengths_than_whole_bytes_up_to_1024_bits_are_refused(int bits)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BinaryCode.ThrowIfInvalidLength(bits));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinaryCode.FromWords(new ulong[32], bits));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinaryCode.FromSigns(new float[Math.Max(0, bits)]));
    }

    [Fact]
    public void Bytes_beyond_the_longest_code_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BinaryCode.FromBytes(new byte[129]));

        // Eight times this length is 8 in 32 bits.
        Assert.Throws<ArgumentOutOfRangeException>(() => BinaryCode.FromBytes(new byte[(1 << 29) + 1]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0g")]
    [InlineData("0x12")]
    [InlineData(" 12 ")]
    [InlineData("абвг")]
    public void Text_that_is_no_hex_code_is_refused(string? text)
    {
        Assert.False(BinaryCode.TryParseHex(text, out BinaryCode code));
        Assert.Equal(default, code);
    }

    [Fact]
    public void Hex_of_more_than_1024_bits_is_refused()
    {
        Assert.True(BinaryCode.TryParseHex(new string('f', 256), out _));
        Assert.False(BinaryCode.TryParseHex(new string('f', 258), out _));
    }

    [Fact]
    public void Words_with_a_bit_beyond_the_length_or_too_few_are_refused()
    {
        Assert.Throws<ArgumentException>(() => BinaryCode.FromWords([1UL << 48], 48));
        Assert.Throws<ArgumentException>(() => BinaryCode.FromWords([1], 96));
        Assert.Equal(48, BinaryCode.FromWords([1UL << 47, ulong.MaxValue], 48).Bits);
    }

    [Fact]
    public void Distance_counts_the_bits_that_differ()
    {
        Pairs.Sample(pair =>
        {
            (BinaryCode a, BinaryCode b, _) = pair;
            int expected = Enumerable.Range(0, a.Bits).Count(i => a[i] != b[i]);
            Assert.Equal(expected, a.HammingDistance(b));
            Assert.Equal(expected == 0, a == b);
            Assert.Equal(expected != 0, a != b);
        });
    }

    [Fact]
    public void Distance_is_symmetric_and_keeps_the_triangle_inequality()
    {
        Pairs.Sample(triple =>
        {
            (BinaryCode a, BinaryCode b, BinaryCode c) = triple;
            Assert.Equal(a.HammingDistance(b), b.HammingDistance(a));
            Assert.True(a.HammingDistance(c) <= a.HammingDistance(b) + b.HammingDistance(c));
            Assert.Equal(0, a.HammingDistance(a));
        });
    }

    [Fact]
    public void Codes_of_two_lengths_cannot_be_compared_and_are_not_equal()
    {
        BinaryCode eight = BinaryCode.FromBytes([1]);
        BinaryCode sixteen = BinaryCode.FromBytes([1, 0]);
        Assert.Throws<ArgumentException>(() => eight.HammingDistance(sixteen));
        Assert.Throws<ArgumentException>(() => Hamming.Distance([1, 2], [1]));
        Assert.NotEqual(eight, sixteen);
    }

    [Fact]
    public void The_default_code_is_empty()
    {
        BinaryCode empty = default;
        Assert.Equal((0, ""), (empty.Bits, empty.ToString()));
        Assert.Equal(0, empty.HammingDistance(default));
        Assert.Throws<ArgumentOutOfRangeException>(() => empty[0]);
    }

    // Three codes of one length; the second and third differ from the first in a few bits or in many.
    private static readonly Gen<(BinaryCode A, BinaryCode B, BinaryCode C)> Pairs =
        from length in Gen.Int[1, BinaryCode.MaxBits / 8]
        from bytes in Gen.Byte.Array[length]
        from masks in Gen.Select(Gen.Frequency((1, Gen.Byte), (3, Gen.Const((byte)0))).Array[length], Gen.Byte.Array[length])
        select (
            BinaryCode.FromBytes(bytes),
            BinaryCode.FromBytes([.. bytes.Zip(masks.Item1, (x, m) => (byte)(x ^ m))]),
            BinaryCode.FromBytes([.. bytes.Zip(masks.Item2, (x, m) => (byte)(x ^ m))]));
}
