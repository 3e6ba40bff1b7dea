using Dpfah.Core.Indexing;

namespace Dpfah.Core.Health;

/// <summary>
/// P(same label | distance): the probability that two items whose codes lie so far apart have a label in common. Fitted on one half
/// of the labelled items; how far it can be believed is measured on the other.
/// </summary>
/// <remarks>
/// All pairs within a half are counted where a half has at most <see cref="MostItemsPerHalf"/> items; of more, a sample of so many that
/// depends on the items' ids alone.
/// </remarks>
public sealed record SameLabelFit
{
    /// <summary>Fewest labelled items of a half.</summary>
    public const int LeastItemsPerHalf = 20;

    /// <summary>Most labelled items of a half whose pairs are counted: 33.5 million pairs.</summary>
    public const int MostItemsPerHalf = 8_192;

    /// <summary>Fewest pairs of which a probability is taken.</summary>
    public const int LeastPairs = 50;

    private const int Bins = 10;

    /// <summary>Items that have a label.</summary>
    public required long LabelledItems { get; init; }

    /// <summary>Items whose pairs were fitted.</summary>
    public required int FittedItems { get; init; }

    /// <summary>Pairs that were fitted.</summary>
    public required long FittedPairs { get; init; }

    /// <summary>Items whose pairs tested the fit.</summary>
    public required int TestedItems { get; init; }

    /// <summary>Pairs that tested the fit.</summary>
    public required long TestedPairs { get; init; }

    /// <summary>The probability at each distance from 0 to the length of the codes; it never rises.</summary>
    public required IReadOnlyList<double> Probability { get; init; }

    /// <summary>Predicted and observed probability of the held-out pairs, in tenths of the prediction; tenths without a pair are left out.</summary>
    public required IReadOnlyList<ReliabilityBin> Reliability { get; init; }

    /// <summary>Expected calibration error: the mean of |predicted − observed| over the bins, each weighing as many pairs as it has.</summary>
    public required double CalibrationError { get; init; }

    /// <summary>The largest |predicted − observed| of a bin with at least <see cref="LeastPairs"/> pairs; 0 without one.</summary>
    public required double LargestError { get; init; }

    /// <summary>Fits the items of an index.</summary>
    /// <param name="snapshot">The index.</param>
    /// <param name="labels">The labels of an item; none for one that is not labelled.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// Null when the labels do not say enough: fewer than <see cref="LeastItemsPerHalf"/> labelled items in a half, or a half in which no two
    /// items have a label in common, or all have.
    /// </returns>
    public static SameLabelFit? Of<T>(IndexSnapshot<T> snapshot, Func<T, IReadOnlyList<string>> labels, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(labels);
        var sample = LabelledSample.Of(snapshot, labels, MostItemsPerHalf, cancellationToken);
        if (Math.Min(sample.Fitting.Count, sample.Testing.Count) < LeastItemsPerHalf)
        {
            return null;
        }

        DistanceCounts fitted = sample.Fitting.CountPairs(cancellationToken), tested = sample.Testing.CountPairs(cancellationToken);
        return SaysEnough(fitted) && SaysEnough(tested)
            ? Of(fitted, tested) with
            {
                LabelledItems = sample.Labelled,
                FittedItems = sample.Fitting.Count,
                TestedItems = sample.Testing.Count,
            }
            : null;
    }

    /// <summary>The greatest distance at which the probability is still so high.</summary>
    /// <param name="confidence">A probability, above 0 and at most 1.</param>
    /// <returns>Null when it is lower at distance 0 already.</returns>
    public int? RadiusFor(double confidence)
    {
        for (int distance = Probability.Count - 1; distance >= 0; distance--)
        {
            if (Probability[distance] >= confidence)
            {
                return distance;
            }
        }

        return null;
    }

    /// <summary>Fits one half and tests on the other; the counts of items are left to the caller.</summary>
    internal static SameLabelFit Of(DistanceCounts fitted, DistanceCounts tested)
    {
        double[] probability = MonotoneFit.Of(fitted, LeastPairs);
        var pairs = new long[Bins];
        var same = new long[Bins];
        var predicted = new double[Bins];
        for (int distance = 0; distance < probability.Length; distance++)
        {
            int bin = Math.Min((int)(probability[distance] * Bins), Bins - 1);
            pairs[bin] += tested.Pairs[distance];
            same[bin] += tested.Same[distance];
            predicted[bin] += probability[distance] * tested.Pairs[distance];
        }

        ReliabilityBin[] bins =
        [
            .. Enumerable.Range(0, Bins).Where(bin => pairs[bin] > 0)
                .Select(bin => new ReliabilityBin(pairs[bin], predicted[bin] / pairs[bin], (double)same[bin] / pairs[bin])),
        ];
        long testedPairs = pairs.Sum();
        return new SameLabelFit
        {
            LabelledItems = 0,
            FittedItems = 0,
            FittedPairs = Sum(fitted.Pairs),
            TestedItems = 0,
            TestedPairs = testedPairs,
            Probability = probability,
            Reliability = bins,
            CalibrationError = testedPairs == 0 ? 0 : bins.Sum(bin => bin.Pairs * Error(bin)) / testedPairs,
            LargestError = bins.Where(bin => bin.Pairs >= LeastPairs).Select(Error).DefaultIfEmpty(0).Max(),
        };
    }

    private static double Error(ReliabilityBin bin) => Math.Abs(bin.Predicted - bin.Observed);

    private static bool SaysEnough(DistanceCounts counts) => Sum(counts.Same) is > 0 and var same && same < Sum(counts.Pairs);

    private static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            sum += value;
        }

        return sum;
    }
}
