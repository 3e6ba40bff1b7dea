using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Health;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Tests.Health;

public class CodeHealthTests
{
    [Fact]
    public void A_small_case_is_as_computed_by_hand()
    {
        // Bit 0 is set in half of the codes, bit 1 is its complement, bit 2 is always set, bit 3 is set in one of four; the rest never.
        CodeHealth health = CodeHealth.Of(Matrix([0b0101], [0b1101], [0b0110], [0b0110]));

        Assert.Equal((8, 4L, 3L, 2L), (health.Bits, health.Items, health.DistinctCodes, health.LargestGroup));
        Assert.Equal([0.5, 0.5, 1, 0.25, 0, 0, 0, 0], health.Balance);
        Assert.Equal([1, 1, 0, 0.8112781244591328, 0, 0, 0, 0], health.Entropy);

        // Bits 0, 1 and 3 vary: phi(0, 1) = -1, and |phi| of bit 3 with either is (4·1 − 2·1) / √(2·2·1·3).
        Assert.Equal((-1.0, 0, 1), (health.Correlation.Largest, health.Correlation.First, health.Correlation.Second));
        Assert.Equal((1 + (2 * 2 / Math.Sqrt(12))) / 3, health.Correlation.Mean, 1e-12);
    }

    [Fact]
    public void Without_codes_all_is_zero()
    {
        CodeHealth health = CodeHealth.Of(new HammingIndex<int>(16, 0).Snapshot);

        Assert.Equal((16, 0L, 0L, 0L), (health.Bits, health.Items, health.DistinctCodes, health.LargestGroup));
        Assert.All(health.Balance.Concat(health.Entropy), value => Assert.Equal(0, value));
        Assert.Equal((0.0, 0.0), (health.Correlation.Largest, health.Correlation.Mean));
    }

    [Theory]
    [InlineData(8, 700)]
    [InlineData(64, 5_000)]
    [InlineData(72, 300)]
    [InlineData(256, 300)]
    [InlineData(1024, 70)]
    public void An_index_is_as_healthy_as_the_definition_says(int bits, int count)
    {
        // Sealed segments with equal codes stored once, tails, and dead slots in both.
        var random = new Random(bits);
        var index = new HammingIndex<int>(bits, 0, new IndexTuning { TailCapacity = count / 5, MergesInBackground = false });
        var codes = new Dictionary<long, BinaryCode>();
        foreach (int[] part in Enumerable.Range(0, count).Chunk(97))
        {
            IndexChange<int>[] changes = [.. part.Select(i => random.Next(5) == 0 && codes.Count > 0
                ? IndexChange<int>.Delete(codes.Keys.ElementAt(random.Next(codes.Count)))
                : IndexChange<int>.Put(random.Next(4) == 0 ? random.Next(count) : i, Code(bits, random), default, 0))];
            foreach (IndexChange<int> change in changes)
            {
                if (change.IsDelete)
                {
                    codes.Remove(change.Id);
                }
                else
                {
                    codes[change.Id] = change.Entry.Code;
                }
            }

            index.Apply(changes);
            if (random.Next(3) == 0)
            {
                index.Merge();
            }
        }

        Assert.True(index.Snapshot.SegmentCount > 1);
        AssertSame(Naive([.. codes.Values], bits), CodeHealth.Of(index.Snapshot));
        AssertSame(Naive([.. codes.Values], bits), CodeHealth.Of(CodeMatrix.From([.. codes.Values])));
    }

    [Fact]
    public void Any_few_codes_are_as_healthy_as_the_definition_says() =>
        Gen.Byte[0, 11].Array[2].Array[1, 140].Sample(
            bytes => AssertSame(Naive([.. bytes.Select(b => BinaryCode.FromBytes(b))], 16), CodeHealth.Of(Matrix(bytes))), iter: 300);

    [Fact]
    public void It_can_be_stopped() =>
        Assert.ThrowsAny<OperationCanceledException>(() => CodeHealth.Of(Matrix([1]), new CancellationToken(canceled: true)));

    private static CodeMatrix Matrix(params byte[][] codes) => CodeMatrix.From([.. codes.Select(bytes => BinaryCode.FromBytes(bytes))]);

    /// <summary>Bits of unequal share, and codes of which many are equal.</summary>
    private static BinaryCode Code(int bits, Random random)
    {
        var source = random.Next(3) == 0 ? new Random(random.Next(20)) : random;
        var bytes = new byte[bits / 8];
        for (int bit = 0; bit < bits; bit++)
        {
            bytes[bit / 8] |= (byte)(source.NextDouble() < (bit + 1.0) / (bits + 2) ? 1 << (bit % 8) : 0);
        }

        return BinaryCode.FromBytes(bytes);
    }

    private static void AssertSame(CodeHealth expected, CodeHealth actual)
    {
        Assert.Equal((expected.Bits, expected.Items, expected.DistinctCodes, expected.LargestGroup), (actual.Bits, actual.Items, actual.DistinctCodes, actual.LargestGroup));
        Assert.Equal(expected.Balance, actual.Balance);
        Assert.Equal(expected.Entropy.Count, actual.Entropy.Count);
        Assert.All(expected.Entropy.Zip(actual.Entropy), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        Assert.Equal(Math.Abs(expected.Correlation.Largest), Math.Abs(actual.Correlation.Largest), 1e-9);
        Assert.Equal(expected.Correlation.Mean, actual.Correlation.Mean, 1e-9);
    }

    /// <summary>The definitions, one after the other, by floats.</summary>
    private static CodeHealth Naive(BinaryCode[] codes, int bits)
    {
        double[] balance = [.. Enumerable.Range(0, bits).Select(bit => codes.Count(code => code[bit]) / (double)codes.Length)];
        double[] Centred(int bit) => [.. codes.Select(code => (code[bit] ? 1 : 0) - balance[bit])];
        double[][] centred = [.. Enumerable.Range(0, bits).Select(Centred)];
        double[] norms = [.. centred.Select(v => Math.Sqrt(v.Sum(x => x * x)))];
        var correlations = new List<(double Phi, int First, int Second)>();
        for (int second = 1; second < bits; second++)
        {
            for (int first = 0; first < second; first++)
            {
                if (norms[first] > 1e-9 && norms[second] > 1e-9)
                {
                    correlations.Add((Dot(centred[first], centred[second]) / norms[first] / norms[second], first, second));
                }
            }
        }

        (double largest, int firstBit, int secondBit) = correlations.Count == 0 ? (0, 0, 1) : correlations.MaxBy(c => Math.Abs(c.Phi));
        return new CodeHealth
        {
            Bits = bits,
            Items = codes.Length,
            Balance = balance,
            Entropy = [.. balance.Select(p => -(Term(p) + Term(1 - p)))],
            Correlation = new BitCorrelation(largest, firstBit, secondBit, correlations.Select(c => Math.Abs(c.Phi)).DefaultIfEmpty(0).Average()),
            DistinctCodes = codes.Distinct().Count(),
            LargestGroup = codes.GroupBy(code => code).Max(group => group.Count()),
        };
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    private static double Term(double p) => p == 0 ? 0 : p * Math.Log2(p);
}
