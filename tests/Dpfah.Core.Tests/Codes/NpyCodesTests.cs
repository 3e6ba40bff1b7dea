using CsCheck;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Tests.Codes;

public class NpyCodesTests
{
    [Fact]
    public void Signs_real_codes_and_bits_give_the_same_codes()
    {
        Gen<bool[][]> cases = Gen.Int[1, 130].SelectMany(bits => Gen.Bool.Array[bits].Array[1, 9]);
        cases.Sample(rows =>
        {
            // A column of its own value each way, so that signs are not all positive.
            rows = [.. rows.Select(row => (bool[])[.. row, false])];
            bool[] all = [.. rows.SelectMany(row => row)];
            CodeMatrix bits = Read([.. all.Select(b => (byte)(b ? 1 : 0))], rows);
            Assert.Equal((rows[0].Length, rows.Length), (bits.Bits, bits.Count));
            for (int i = 0; i < rows.Length; i++)
            {
                Assert.Equal(rows[i], Enumerable.Range(0, bits.Bits).Select(j => (bits.Row(i)[j / 64] >> (j % 64) & 1) != 0));
            }

            Assert.Equal(bits.Words, Read(all, rows).Words);
            Assert.Equal(bits.Words, Read([.. all.Select(b => (sbyte)(b ? 1 : -1))], rows).Words);
            Assert.Equal(bits.Words, Read([.. all.Select(b => b ? 0f : -0.1f)], rows).Words);
            Assert.Equal(bits.Words, Read([.. all.Select((b, i) => b ? i : -1.0 - i)], rows).Words);
            Assert.Equal(bits.Words, Read([.. all.Select(b => b ? 1.0 : 0)], rows).Words);
        });
    }

    [Fact]
    public void What_are_no_codes_is_refused_with_advice()
    {
        Refused("the shape (n, bits) with 1 to 1024 bits; this is (2)", NpyFileTests.Bytes<sbyte>([1, -1], 2));
        Refused("this is (0, 8)", NpyFileTests.Bytes<sbyte>([], 0, 8));
        Refused("this is (1, 1025)", NpyFileTests.Bytes(new sbyte[1025], 1, 1025));
        Refused("numpy.unpackbits", NpyFileTests.Bytes<byte>([0, 17], 1, 2));
        Refused("0.5 from probabilities", NpyFileTests.Bytes<float>([0.2f, 0.9f], 1, 2));
        Refused("Value 1 of code 1 is not a number.", NpyFileTests.Bytes<float>([-1, 1, 1, float.NaN], 2, 2));
    }

    private static CodeMatrix Read<T>(T[] values, bool[][] rows)
        where T : unmanaged => NpyCodes.Read(new MemoryStream(NpyFileTests.Bytes(values, rows.Length, rows[0].Length)));

    private static void Refused(string message, byte[] bytes) => Assert.Contains(
        message, Assert.Throws<InvalidDataException>(() => NpyCodes.Read(new MemoryStream(bytes))).Message, StringComparison.Ordinal);
}
