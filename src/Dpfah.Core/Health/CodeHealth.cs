using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Health;

/// <summary>How well codes use their bits: a code of l bits tells most pictures apart when each bit is set in half of them and no two say the same.</summary>
public sealed record CodeHealth
{
    // A run may be long, but is one addition of words each; a second has room for millions.
    private const int RunsBetweenLooks = 1 << 12;

    /// <summary>Length of the codes.</summary>
    public required int Bits { get; init; }

    /// <summary>Codes that were looked at.</summary>
    public required long Items { get; init; }

    /// <summary>Share of the codes in which each bit is set, 0 to 1; 0.5 is best. Zeros without codes.</summary>
    public required IReadOnlyList<double> Balance { get; init; }

    /// <summary>Entropy of each bit, 0 to 1 bit; 1 is best. Zeros without codes.</summary>
    public required IReadOnlyList<double> Entropy { get; init; }

    /// <summary>How the bits depend on each other.</summary>
    public required BitCorrelation Correlation { get; init; }

    /// <summary>Different codes.</summary>
    public required long DistinctCodes { get; init; }

    /// <summary>Items of the largest group with one code.</summary>
    public required long LargestGroup { get; init; }

    /// <summary>Measures codes.</summary>
    /// <param name="codes">Any number of codes.</param>
    /// <param name="cancellationToken">Looked at some hundred times a second.</param>
    public static CodeHealth Of(CodeMatrix codes, CancellationToken cancellationToken = default) =>
        Of(CodeRuns.Of(codes), codes.Bits, cancellationToken);

    /// <summary>Measures the codes of all items of an index.</summary>
    /// <param name="snapshot">The index.</param>
    /// <param name="cancellationToken">Looked at some hundred times a second.</param>
    /// <remarks>O(n · bits² / 64). One thread.</remarks>
    public static CodeHealth Of<T>(IndexSnapshot<T> snapshot, CancellationToken cancellationToken = default) =>
        Of(CodeRuns.Of(snapshot), snapshot.Bits, cancellationToken);

    private static CodeHealth Of(CodeRuns runs, int bits, CancellationToken cancellationToken)
    {
        var counts = new BitCounts(bits);
        long distinct = 0, largest = 0;
        while (runs.MoveNext())
        {
            if (distinct++ % RunsBetweenLooks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            largest = Math.Max(largest, runs.Count);
            counts.Add(runs.Code, runs.Count);
        }

        counts.Finish();
        double[] balance = [.. Enumerable.Range(0, bits).Select(bit => counts.Count == 0 ? 0 : (double)counts.Ones(bit) / counts.Count)];
        return new CodeHealth
        {
            Bits = bits,
            Items = counts.Count,
            Balance = balance,
            Entropy = [.. balance.Select(p => EntropyOf(p) + EntropyOf(1 - p))],
            Correlation = CorrelationOf(counts, bits),
            DistinctCodes = distinct,
            LargestGroup = largest,
        };
    }

    private static double EntropyOf(double share) => share <= 0 || share >= 1 ? 0 : -share * Math.Log2(share);

    private static BitCorrelation CorrelationOf(BitCounts counts, int bits)
    {
        double n = counts.Count;
        (double largest, int first, int second) = (0, 0, 1);
        double sum = 0;
        long pairs = 0;
        for (int j = 1; j < bits; j++)
        {
            for (int i = 0; i < j; i++)
            {
                double a = counts.Ones(i), b = counts.Ones(j);
                double spread = a * (n - a) * b * (n - b);
                if (spread <= 0)
                {
                    // A bit that never changes depends on nothing.
                    continue;
                }

                double phi = Math.Clamp(((n * counts.Together(i, j)) - (a * b)) / Math.Sqrt(spread), -1, 1);
                pairs++;
                sum += Math.Abs(phi);
                if (Math.Abs(phi) > Math.Abs(largest))
                {
                    (largest, first, second) = (phi, i, j);
                }
            }
        }

        return new BitCorrelation(largest, first, second, pairs == 0 ? 0 : sum / pairs);
    }
}
