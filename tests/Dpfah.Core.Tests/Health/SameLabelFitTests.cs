using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Health;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Tests.Health;

public class SameLabelFitTests
{
    [Fact]
    public void Violators_are_pooled_with_their_neighbours()
    {
        // Shares 0.9, 0.5, 0.7, 0.1: the second and the third rise and become (50 + 140) / 300.
        var counts = new DistanceCounts(8);
        Fill(counts, 0, 100, 90);
        Fill(counts, 1, 100, 50);
        Fill(counts, 3, 200, 140);
        Fill(counts, 4, 100, 10);

        double[] shares = MonotoneFit.Of(counts, 50);

        Assert.Equal([0.9, 190.0 / 300, 190.0 / 300, 190.0 / 300, 0.1, 0.1, 0.1, 0.1, 0.1], shares);
    }

    [Fact]
    public void A_handful_of_pairs_is_joined_with_the_next_distance()
    {
        var counts = new DistanceCounts(8);
        Fill(counts, 0, 3, 3);
        Fill(counts, 2, 97, 47);
        Fill(counts, 5, 60, 6);
        Fill(counts, 6, 20, 0);

        double[] shares = MonotoneFit.Of(counts, 50);

        Assert.Equal([0.5, 0.5, 0.5, 0.075, 0.075, 0.075, 0.075, 0.075, 0.075], shares);
    }

    [Fact]
    public void Few_pairs_alone_are_one_block()
    {
        var counts = new DistanceCounts(8);
        Fill(counts, 1, 2, 2);
        Fill(counts, 6, 2, 0);

        Assert.All(MonotoneFit.Of(counts, 50), share => Assert.Equal(0.5, share));
    }

    [Fact]
    public void The_fit_is_the_nearest_falling_function() =>
        Gen.Select(Gen.Int[1, 400], Gen.Double[0, 1]).Array[9].Sample(
            blocks =>
            {
                var counts = new DistanceCounts(8);
                for (int distance = 0; distance <= 8; distance++)
                {
                    Fill(counts, distance, blocks[distance].Item1, (int)(blocks[distance].Item1 * blocks[distance].Item2));
                }

                double[] shares = MonotoneFit.Of(counts, 1);

                // Min-max formula of isotonic regression: max over the right ends of the min over the left ends of the means between.
                for (int d = 0; d <= 8; d++)
                {
                    double expected = Enumerable.Range(0, d + 1).Min(from => Enumerable.Range(d, 9 - d).Max(to => Mean(counts, from, to)));
                    Assert.Equal(expected, shares[d], 1e-12);
                }
            },
            iter: 500);

    [Fact]
    public void Pairs_are_counted_by_distance_and_common_labels()
    {
        // More than 64 labels, so that two of them share a bit of the mask; several an item, codes of two words.
        var random = new Random(5);
        var half = new LabelledHalf(72, 150);
        (BinaryCode Code, int[] Labels)[] items = [.. Enumerable.Range(0, 150).Select(_ =>
        {
            var bytes = new byte[9];
            random.NextBytes(bytes);
            return (BinaryCode.FromBytes(bytes), (int[])[.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(130)).Distinct().Order()]);
        })];
        for (int i = 0; i < items.Length; i++)
        {
            half.Set(i, items[i].Code.Words, items[i].Labels);
        }

        DistanceCounts counts = half.CountPairs(default);

        var expected = new DistanceCounts(72);
        for (int i = 0; i < items.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                expected.Add(items[i].Code.HammingDistance(items[j].Code), items[i].Labels.Intersect(items[j].Labels).Any());
            }
        }

        Assert.Equal(expected.Pairs.ToArray(), counts.Pairs.ToArray());
        Assert.Equal(expected.Same.ToArray(), counts.Same.ToArray());
        Assert.NotEqual(0, counts.Same.ToArray().Sum());
    }

    [Fact]
    public void Reliability_is_measured_on_the_other_half()
    {
        // Fitted 0.8 and 0.2; observed on the other half 0.6 and 0.25.
        DistanceCounts fitted = new(8), tested = new(8);
        Fill(fitted, 0, 100, 80);
        Fill(fitted, 4, 300, 60);
        Fill(tested, 0, 50, 30);
        Fill(tested, 4, 200, 50);

        SameLabelFit fit = SameLabelFit.Of(fitted, tested);

        Assert.Equal([new ReliabilityBin(200, 0.2, 0.25), new ReliabilityBin(50, 0.8, 0.6)], fit.Reliability);
        Assert.Equal(((200 * 0.05) + (50 * 0.2)) / 250, fit.CalibrationError, 1e-12);
        Assert.Equal(0.2, fit.LargestError, 1e-12);
        Assert.Equal((400L, 250L), (fit.FittedPairs, fit.TestedPairs));
    }

    [Fact]
    public void The_radius_is_the_largest_that_is_confident_enough()
    {
        DistanceCounts counts = new(8);
        Fill(counts, 0, 100, 96);
        Fill(counts, 1, 100, 95);
        Fill(counts, 2, 100, 40);
        SameLabelFit fit = SameLabelFit.Of(counts, counts);

        Assert.Equal([0, 1, 1, 8, null], new double[] { 0.96, 0.95, 0.41, 0.4, 0.97 }.Select(fit.RadiusFor));
    }

    [Fact]
    public void Planted_probabilities_are_found()
    {
        // Ten classes, each around a code of its own: pairs of a class differ in some 12 bits, others in some 32.
        HammingIndex<string[]> index = Planted(4_000, 10, 0);
        SameLabelFit fit = SameLabelFit.Of(index.Snapshot, item => item)!;

        Assert.Equal(4_000, fit.LabelledItems);
        Assert.Equal(4_000, fit.FittedItems + fit.TestedItems);
        Assert.Equal((long)fit.FittedItems * (fit.FittedItems - 1) / 2, fit.FittedPairs);
        Assert.Equal(65, fit.Probability.Count);
        Assert.True(fit.Probability[5] > 0.999 && fit.Probability[40] < 0.001, string.Join(' ', fit.Probability));
        Assert.Equal(fit.Probability.OrderDescending(), fit.Probability);
        Assert.True(fit.CalibrationError < 0.01, $"{fit.CalibrationError}");
        int radius = fit.RadiusFor(0.9)!.Value;
        Assert.InRange(radius, 12, 26);
    }

    [Fact]
    public void Of_many_items_a_sample_is_taken_that_is_the_same_again()
    {
        SameLabelFit one = SameLabelFit.Of(Planted(40_000, 10, 1).Snapshot, item => item)!;
        SameLabelFit other = SameLabelFit.Of(Planted(40_000, 10, 1, reversed: true).Snapshot, item => item)!;

        Assert.Equal(40_000, one.LabelledItems);
        Assert.Equal((SameLabelFit.MostItemsPerHalf, SameLabelFit.MostItemsPerHalf), (one.FittedItems, one.TestedItems));
        Assert.Equal(one.Probability, other.Probability);
        Assert.Equal(one.Reliability, other.Reliability);
    }

    [Fact]
    public void Labels_that_say_too_little_give_no_fit()
    {
        Assert.Null(Fit(500, _ => []));
        Assert.Null(Fit(30, i => [$"{i % 2}"]));
        Assert.Null(Fit(500, i => [$"{i}"]));
        Assert.Null(Fit(500, _ => ["all"]));
        Assert.NotNull(Fit(500, i => [$"{i % 2}"]));
    }

    [Fact]
    public void It_can_be_stopped() => Assert.ThrowsAny<OperationCanceledException>(
        () => SameLabelFit.Of(Planted(100, 2, 0).Snapshot, item => item, new CancellationToken(canceled: true)));

    private static SameLabelFit? Fit(int count, Func<int, string[]> labels)
    {
        var index = new HammingIndex<string[]>(8, 0);
        index.Apply([.. Enumerable.Range(0, count).Select(i => IndexChange<string[]>.Put(i, BinaryCode.FromBytes([(byte)i]), default, labels(i)))]);
        return SameLabelFit.Of(index.Snapshot, item => item);
    }

    private static HammingIndex<string[]> Planted(int count, int classes, int seed, bool reversed = false)
    {
        var random = new Random(seed);
        ulong[] centres = [.. Enumerable.Range(0, classes).Select(_ => (ulong)random.NextInt64())];
        IndexChange<string[]>[] changes = [.. Enumerable.Range(0, count).Select(i =>
        {
            int label = random.Next(classes);
            ulong noise = (ulong)random.NextInt64() & (ulong)random.NextInt64() & (ulong)random.NextInt64();
            return IndexChange<string[]>.Put(i, BinaryCode.FromBytes(BitConverter.GetBytes(centres[label] ^ noise)), default, [$"class {label}"]);
        })];
        var index = new HammingIndex<string[]>(64, 0);
        index.Apply(reversed ? [.. changes.Reverse()] : changes);
        return index;
    }

    private static void Fill(DistanceCounts counts, int distance, int pairs, int same)
    {
        for (int i = 0; i < pairs; i++)
        {
            counts.Add(distance, i < same);
        }
    }

    private static double Mean(DistanceCounts counts, int from, int to) =>
        (double)counts.Same[from..(to + 1)].ToArray().Sum() / counts.Pairs[from..(to + 1)].ToArray().Sum();
}
