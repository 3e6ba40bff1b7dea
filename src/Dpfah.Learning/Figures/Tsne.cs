using Dpfah.Core.Codes;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Figures;

/// <summary>
/// Places items in the plane so that neighbours stay neighbours: exact t-SNE. L. van der Maaten, G. Hinton: Visualizing Data
/// using t-SNE. JMLR 9 (2008).
/// </summary>
/// <remarks>
/// A picture, not a measure: distances between groups and their sizes mean little. Memory and a step's time grow with the
/// square of the items: 1,000 items take 24 MB and a few seconds. The same seed gives the same places on one machine;
/// another processor or library may round exp and log differently, and the places drift apart.
/// </remarks>
public static class Tsne
{
    private const int ReportEvery = 50;
    private const double StartDeviation = 1e-4;
    private const double FirstMomentum = 0.5;
    private const double LastMomentum = 0.8;
    private const double GainUp = 0.2;
    private const double GainDown = 0.8;
    private const double LeastGain = 0.01;

    /// <summary>Places binary codes by Hamming distance, which is a quarter of the squared distance of their ±1 vectors.</summary>
    /// <param name="codes">More codes than the perplexity, all of one length; identical ones are allowed.</param>
    /// <param name="options">Defaults if null.</param>
    /// <exception cref="ArgumentException">Too few codes, or of different lengths.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static TsneResult OfCodes(IReadOnlyList<BinaryCode> codes, TsneOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(codes);
        for (int i = 0; i < codes.Count; i++)
        {
            if (codes[i].Bits != codes[0].Bits)
            {
                throw new ArgumentException($"Code {i} has {codes[i].Bits} bits, code 0 has {codes[0].Bits}.", nameof(codes));
            }
        }

        return Run(codes.Count, (i, j) => Hamming.Distance(codes[i].Words, codes[j].Words), options ?? new TsneOptions());
    }

    /// <summary>Places real codes by Euclidean distance.</summary>
    /// <param name="codes">More vectors than the perplexity, all of one length and finite; identical ones are allowed.</param>
    /// <param name="options">Defaults if null.</param>
    /// <exception cref="ArgumentException">Too few vectors, of different lengths, or with a value that is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static TsneResult OfRealCodes(IReadOnlyList<float[]> codes, TsneOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(codes);
        for (int i = 0; i < codes.Count; i++)
        {
            if (codes[i].Length != codes[0].Length || !codes[i].All(float.IsFinite))
            {
                throw new ArgumentException($"Code {i} has another length than code 0 or a value that is not finite.", nameof(codes));
            }
        }

        return Run(codes.Count, SquaredDistance, options ?? new TsneOptions());

        double SquaredDistance(int i, int j)
        {
            double sum = 0;
            for (int k = 0; k < codes[i].Length; k++)
            {
                double difference = (double)codes[i][k] - codes[j][k];
                sum += difference * difference;
            }

            return sum;
        }
    }

    private static TsneResult Run(int n, Func<int, int, double> squaredDistance, TsneOptions options)
    {
        Check(n, options);
        var distances = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                distances[(i * n) + j] = distances[(j * n) + i] = squaredDistance(i, j);
            }
        }

        double[] joint = TsneAffinities.Joint(TsneAffinities.Conditional(distances, n, options.Perplexity), n);
        var cost = new TsneGradient(joint, n);
        var random = new SeededRandom(options.Seed);
        var x = new Coordinate(n, random);
        var y = new Coordinate(n, random);
        List<TsneDivergence> divergences = [new(0, cost.Divergence(x.Places, y.Places))];
        for (int iteration = 1; iteration <= options.Iterations; iteration++)
        {
            bool early = iteration <= options.ExaggerationIterations;
            cost.Compute(x.Places, y.Places, early ? options.Exaggeration : 1, x.Slopes, y.Slopes);
            x.Step(options.LearningRate, early ? FirstMomentum : LastMomentum);
            y.Step(options.LearningRate, early ? FirstMomentum : LastMomentum);
            if (iteration % ReportEvery == 0 || iteration == options.Iterations)
            {
                divergences.Add(new(iteration, cost.Divergence(x.Places, y.Places)));
            }
        }

        return new TsneResult([.. x.Places.Zip(y.Places, (first, second) => new ScatterPoint(first, second))], divergences);
    }

    private static void Check(int n, TsneOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Perplexity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Iterations, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.ExaggerationIterations);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Exaggeration, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.LearningRate);
        if (n - 1 <= options.Perplexity)
        {
            throw new ArgumentException($"{n} items are too few for a perplexity of {options.Perplexity}.");
        }
    }

    /// <summary>One coordinate of all items, with the state of its descent.</summary>
    private sealed class Coordinate
    {
        private readonly double[] moves;
        private readonly double[] gains;

        public Coordinate(int n, SeededRandom random)
        {
            Places = new double[n];
            for (int i = 0; i < n; i++)
            {
                Places[i] = StartDeviation * random.NextGaussian();
            }

            Slopes = new double[n];
            moves = new double[n];
            gains = new double[n];
            Array.Fill(gains, 1);
        }

        public double[] Places { get; }

        public double[] Slopes { get; }

        /// <summary>
        /// One step with momentum; a gain grows while the descent goes on one way and shrinks when it turns (Jacobs 1988).
        /// </summary>
        public void Step(double learningRate, double momentum)
        {
            for (int i = 0; i < Places.Length; i++)
            {
                bool turned = Math.Sign(Slopes[i]) == Math.Sign(moves[i]);
                gains[i] = Math.Max(turned ? gains[i] * GainDown : gains[i] + GainUp, LeastGain);
                moves[i] = (momentum * moves[i]) - (learningRate * gains[i] * Slopes[i]);
                Places[i] += moves[i];
            }

            double mean = Places.Average();
            for (int i = 0; i < Places.Length; i++)
            {
                Places[i] -= mean;
            }
        }
    }
}
