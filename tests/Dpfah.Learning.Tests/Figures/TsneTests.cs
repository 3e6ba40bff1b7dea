using Dpfah.Core.Codes;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Figures;

namespace Dpfah.Learning.Tests.Figures;

public sealed class TsneTests
{
    private const int Bits = 32;

    [Fact]
    public void Three_groups_of_codes_stay_three_groups()
    {
        (BinaryCode[] codes, int[] labels) = Groups(perGroup: 50, flips: 0.1);

        TsneResult result = Tsne.OfCodes(codes);

        Assert.True(NeighbourPurity.Of(result.Points, labels, 10) > 0.95);
        Assert.Equal(0, result.Points.Average(point => point.X), 1e-9);
    }

    [Fact]
    public void The_divergence_falls_after_the_exaggeration_and_ends_far_below_the_start()
    {
        (BinaryCode[] codes, _) = Groups(perGroup: 50, flips: 0.1);

        IReadOnlyList<TsneDivergence> divergences = Tsne.OfCodes(codes).Divergences;

        Assert.Equal(Enumerable.Range(0, 21).Select(i => 50 * i), divergences.Select(divergence => divergence.Iteration));
        double[] after = [.. divergences.Where(divergence => divergence.Iteration >= 250).Select(divergence => divergence.Value)];
        Assert.All(after.Zip(after.Skip(1)), pair => Assert.True(pair.Second < pair.First + 0.01, $"{pair.First} rose to {pair.Second}."));
        Assert.True(after[^1] < after[0]);
        Assert.True(after[^1] < divergences[0].Value / 2, $"{divergences[0].Value} fell to {after[^1]} only.");
    }

    [Fact]
    public void Identical_codes_are_tolerated()
    {
        BinaryCode code = BinaryCode.FromSigns(new float[Bits]);
        BinaryCode other = BinaryCode.FromSigns([.. Enumerable.Repeat(-1f, Bits)]);
        BinaryCode[] codes = [.. Enumerable.Repeat(code, 40), .. Enumerable.Repeat(other, 40)];

        TsneResult result = Tsne.OfCodes(codes, new TsneOptions { Perplexity = 10 });

        Assert.All(result.Points, point => Assert.True(double.IsFinite(point.X) && double.IsFinite(point.Y)));
        Assert.Equal(1, NeighbourPurity.Of(result.Points, [.. codes.Select(c => c == code ? 0 : 1)], 5));
    }

    [Fact]
    public void Only_identical_codes_are_tolerated()
    {
        BinaryCode[] codes = [.. Enumerable.Repeat(BinaryCode.FromSigns(new float[Bits]), 40)];

        TsneResult result = Tsne.OfCodes(codes, new TsneOptions { Iterations = 300 });

        Assert.All(result.Points, point => Assert.True(double.IsFinite(point.X) && double.IsFinite(point.Y)));
    }

    [Fact]
    public void The_same_seed_gives_the_same_places_and_another_seed_others()
    {
        (BinaryCode[] codes, _) = Groups(perGroup: 20, flips: 0.2);
        var options = new TsneOptions { Iterations = 100 };

        IReadOnlyList<ScatterPoint> first = Tsne.OfCodes(codes, options).Points;

        Assert.Equal(first, Tsne.OfCodes(codes, options).Points);
        Assert.NotEqual(first, Tsne.OfCodes(codes, options with { Seed = 2 }).Points);
    }

    [Fact]
    public void Real_codes_of_one_and_minus_one_lie_as_their_binary_codes_do()
    {
        (BinaryCode[] codes, int[] labels) = Groups(perGroup: 20, flips: 0.1);
        float[][] real = [.. codes.Select(Signs)];
        var options = new TsneOptions { Perplexity = 10 };

        TsneResult result = Tsne.OfRealCodes(real, options);

        Assert.True(NeighbourPurity.Of(result.Points, labels, 5) > 0.95);
        Assert.Equal(Tsne.OfCodes(codes, options).Divergences[0].Value, result.Divergences[0].Value, 1e-6);
    }

    [Fact]
    public void Rows_reach_the_perplexity_and_the_joint_similarities_sum_to_one()
    {
        const int N = 80;
        double[] distances = Distances(N);

        double[] conditional = TsneAffinities.Conditional(distances, N, 30);
        double[] joint = TsneAffinities.Joint(conditional, N);

        Assert.All(Enumerable.Range(0, N), i => Assert.Equal(30, TsneAffinities.Perplexity(conditional.AsSpan(i * N, N)), 1e-6));
        Assert.Equal(1, joint.Sum(), 1e-12);
        Assert.All(Enumerable.Range(0, N * N), i => Assert.Equal(joint[i], joint[(i % N * N) + (i / N)]));
        Assert.All(Enumerable.Range(0, N), i => Assert.Equal(0, joint[(i * N) + i]));
    }

    [Fact]
    public void A_row_of_twins_is_even_over_them()
    {
        // Ten items at one place, two far away: a perplexity of 3 is out of reach for the ten.
        const int N = 12;
        var distances = new double[N * N];
        for (int i = 0; i < N * N; i++)
        {
            distances[i] = (i / N < 10) == (i % N < 10) ? 0 : 1000;
        }

        double[] conditional = TsneAffinities.Conditional(distances, N, 3);

        Assert.Equal(9, TsneAffinities.Perplexity(conditional.AsSpan(0, N)), 1e-6);
        Assert.Equal(1.0 / 9, conditional[1], 1e-9);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(11)]
    public void The_slope_is_that_of_finite_differences(int n)
    {
        const double Step = 1e-6;
        var cost = new TsneGradient(TsneAffinities.Joint(TsneAffinities.Conditional(Distances(n), n, 3), n), n);
        var random = new SeededRandom(4);
        double[] x = [.. Enumerable.Range(0, n).Select(_ => random.NextGaussian())];
        double[] y = [.. Enumerable.Range(0, n).Select(_ => random.NextGaussian())];
        var slopeX = new double[n];
        var slopeY = new double[n];

        cost.Compute(x, y, 1, slopeX, slopeY);

        for (int i = 0; i < n; i++)
        {
            Assert.Equal(Difference(x, i), slopeX[i], 1e-7);
            Assert.Equal(Difference(y, i), slopeY[i], 1e-7);
        }

        double Difference(double[] coordinate, int i)
        {
            double place = coordinate[i];
            coordinate[i] = place + Step;
            double above = cost.Divergence(x, y);
            coordinate[i] = place - Step;
            double below = cost.Divergence(x, y);
            coordinate[i] = place;
            return (above - below) / (2 * Step);
        }
    }

    [Fact]
    public void Too_few_codes_or_codes_of_two_lengths_are_refused()
    {
        (BinaryCode[] codes, _) = Groups(perGroup: 10, flips: 0.1);

        Assert.Throws<ArgumentException>(() => Tsne.OfCodes(codes));
        Assert.Throws<ArgumentException>(() => Tsne.OfCodes([.. codes, BinaryCode.FromSigns(new float[16])], new() { Perplexity = 5 }));
        Assert.Throws<ArgumentException>(() => Tsne.OfRealCodes([[1, 2], [float.NaN, 1], [0, 1], [1, 1]], new() { Perplexity = 2 }));
    }

    [Fact]
    public void Purity_is_the_share_of_neighbours_with_the_same_label()
    {
        // On a line: 0 0 1 1; the nearest of the second is the first, the nearest of the third is the second.
        ScatterPoint[] points = [new(0, 0), new(1, 0), new(2.5, 0), new(5, 0)];

        Assert.Equal(0.75, NeighbourPurity.Of(points, [0, 0, 1, 1], 1));
        Assert.Equal(1.0 / 3, NeighbourPurity.Of(points, [0, 0, 1, 1], 3), 1e-12);
        Assert.Throws<ArgumentException>(() => NeighbourPurity.Of(points, [0, 0, 1, 1], 4));
    }

    /// <summary>Three random codes, and around each copies with some bits flipped.</summary>
    private static (BinaryCode[] Codes, int[] Labels) Groups(int perGroup, double flips)
    {
        var random = new SeededRandom(7);
        float[][] centres = [.. Enumerable.Range(0, 3).Select(_ => RandomSigns())];
        int[] labels = [.. Enumerable.Range(0, 3 * perGroup).Select(i => i % 3)];
        BinaryCode[] codes = [.. labels.Select(label => BinaryCode.FromSigns(
            [.. centres[label].Select(sign => random.NextDouble() < flips ? -sign : sign)]))];
        return (codes, labels);

        float[] RandomSigns() => [.. Enumerable.Range(0, Bits).Select(_ => random.NextInt(2) == 0 ? -1f : 1f)];
    }

    private static float[] Signs(BinaryCode code) =>
        [.. Enumerable.Range(0, code.Bits).Select(i => (code.Words[i >> 6] >> (i & 63) & 1) == 1 ? 1f : -1f)];

    private static double[] Distances(int n)
    {
        var random = new SeededRandom(5);
        double[][] items = [.. Enumerable.Range(0, n).Select(_ => Enumerable.Range(0, 5).Select(_ => random.NextGaussian()).ToArray())];
        return [.. from a in items from b in items select a.Zip(b, (p, q) => (p - q) * (p - q)).Sum()];
    }
}
