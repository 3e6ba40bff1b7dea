namespace Dpfah.Learning.Figures;

/// <summary>The similarities P between items of t-SNE: Gaussian around each item, as wide as the perplexity asks.</summary>
internal static class TsneAffinities
{
    private const int MaxSteps = 200;
    private const double Tolerance = 1e-10;

    /// <summary>The conditional similarities p_{j|i}.</summary>
    /// <param name="squaredDistances">n · n squared distances, row by row.</param>
    /// <param name="n">Items.</param>
    /// <param name="perplexity">exp of the entropy of each row.</param>
    /// <returns>n · n values; each row sums to 1, its own item has 0.</returns>
    /// <remarks>
    /// An item with more twins (distance 0) than the perplexity cannot be so narrow: its row is even over the twins. An
    /// item at one distance from all others has the same row at every width.
    /// </remarks>
    public static double[] Conditional(ReadOnlySpan<double> squaredDistances, int n, double perplexity)
    {
        var p = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            Row(squaredDistances.Slice(i * n, n), p.AsSpan(i * n, n), i, Math.Log(perplexity));
        }

        return p;
    }

    /// <summary>The joint similarities p_ij = (p_{j|i} + p_{i|j}) / 2n: symmetric, with sum 1.</summary>
    public static double[] Joint(ReadOnlySpan<double> conditional, int n)
    {
        var joint = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                joint[(i * n) + j] = (conditional[(i * n) + j] + conditional[(j * n) + i]) / (2.0 * n);
            }
        }

        return joint;
    }

    /// <summary>exp of the entropy of a row, in nats before.</summary>
    public static double Perplexity(ReadOnlySpan<double> row)
    {
        double entropy = 0;
        foreach (double p in row)
        {
            entropy -= p > 0 ? p * Math.Log(p) : 0;
        }

        return Math.Exp(entropy);
    }

    /// <summary>Finds β = 1/(2σ²) by bisection on the entropy, which falls as β grows.</summary>
    private static void Row(ReadOnlySpan<double> distances, Span<double> p, int self, double entropy)
    {
        double nearest = double.MaxValue;
        double sum = 0;
        for (int j = 0; j < distances.Length; j++)
        {
            if (j != self)
            {
                nearest = Math.Min(nearest, distances[j]);
                sum += distances[j];
            }
        }

        double mean = (sum / (distances.Length - 1)) - nearest;
        double beta = mean > 0 ? 1 / mean : 1;
        double low = 0;
        double high = double.PositiveInfinity;
        for (int step = 0; step < MaxSteps; step++)
        {
            double difference = Fill(distances, p, self, nearest, beta) - entropy;
            if (Math.Abs(difference) < Tolerance)
            {
                return;
            }

            if (difference > 0)
            {
                low = beta;
                beta = double.IsInfinity(high) ? Math.Min(2 * beta, 1e100) : (low + high) / 2;
            }
            else
            {
                high = beta;
                beta = (low + high) / 2;
            }
        }
    }

    /// <summary>Fills a row for one width; distances count from the nearest item, so that the sum is never 0.</summary>
    /// <returns>The entropy of the row, in nats.</returns>
    private static double Fill(ReadOnlySpan<double> distances, Span<double> p, int self, double nearest, double beta)
    {
        double sum = 0;
        double weighted = 0;
        for (int j = 0; j < distances.Length; j++)
        {
            double far = distances[j] - nearest;
            p[j] = j == self ? 0 : Math.Exp(-beta * far);
            sum += p[j];
            weighted += p[j] * far;
        }

        for (int j = 0; j < p.Length; j++)
        {
            p[j] /= sum;
        }

        return Math.Log(sum) + (beta * weighted / sum);
    }
}
