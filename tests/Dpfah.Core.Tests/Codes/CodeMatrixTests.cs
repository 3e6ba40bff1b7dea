using CsCheck;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Tests.Codes;

public class CodeMatrixTests
{
    [Fact]
    public void Codes_come_back_as_they_were_packed() =>
        Gen.Int[1, 20].SelectMany(length => Gen.Byte.Array[length].Array[1, 9]).Sample(rows =>
        {
            BinaryCode[] codes = [.. rows.Select(row => BinaryCode.FromBytes(row))];
            CodeMatrix matrix = CodeMatrix.From(codes);
            Assert.Equal((codes[0].Bits, codes.Length, codes[0].Words.Length), (matrix.Bits, matrix.Count, matrix.WordsPerCode));
            Assert.Equal(codes, Enumerable.Range(0, codes.Length).Select(i => matrix[i]));
            Assert.Equal(codes.SelectMany(code => code.Words.ToArray()), matrix.Words.ToArray());
        });

    [Fact]
    public void Signs_give_the_bits_of_a_code_of_any_length() => Gen.Float[-2, 2].Array[1, 130].Sample(real =>
    {
        var matrix = new CodeMatrix(real.Length, 2);
        matrix.SetSigns(1, [.. real.Select(u => -u - 1)]);
        matrix.SetSigns(1, real);
        Assert.Equal(real.Select(u => u >= 0), Enumerable.Range(0, real.Length).Select(j => (matrix.Row(1)[j / 64] >> (j % 64) & 1) != 0));
        Assert.All(matrix.Row(0).ToArray(), word => Assert.Equal(0UL, word));
        Assert.Equal(real.Count(u => u >= 0), matrix.Row(1).ToArray().Sum(word => (long)ulong.PopCount(word)));
    });

    [Fact]
    public void Wrong_lengths_and_places_are_refused()
    {
        var matrix = new CodeMatrix(12, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeMatrix(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeMatrix(1025, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeMatrix(8, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(-1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix[0]);
        Assert.Throws<ArgumentException>(() => matrix.Set(0, BinaryCode.FromBytes([1])));
        Assert.Throws<ArgumentException>(() => matrix.SetSigns(0, new float[11]));
        Assert.Throws<ArgumentException>(() => matrix.SetSigns(0, [float.NaN, .. new float[11]]));
        Assert.Throws<ArgumentException>(() => CodeMatrix.From([]));
        Assert.Throws<ArgumentException>(() => CodeMatrix.From([BinaryCode.FromBytes([1]), BinaryCode.FromBytes([1, 2])]));
    }
}
