using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Figures;

/// <summary>Cost of t-SNE and its slope (van der Maaten and Hinton 2008, Eq. 5).</summary>
/// <remarks>
/// Q has one degree of freedom: q_ij = k_ij / Σ k, k_ij = 1 / (1 + |y_i − y_j|²), k_ii = 0. Four columns a step, always four,
/// so that sums are taken in the same order on every processor.
/// </remarks>
/// <param name="p">Joint similarities P, n · n values.</param>
/// <param name="n">Items.</param>
internal sealed class TsneGradient(double[] p, int n)
{
    private readonly double[] kernel = new double[n * n];

    /// <summary>The slope of KL(P‖Q): dC/dy_i = 4 Σ_j (e·p_ij − q_ij)(y_i − y_j) k_ij.</summary>
    /// <param name="x">First coordinates.</param>
    /// <param name="y">Second coordinates.</param>
    /// <param name="exaggeration">e, 1 for the true slope.</param>
    /// <param name="slopeX">Receives the slope along the first coordinate.</param>
    /// <param name="slopeY">Receives the slope along the second coordinate.</param>
    public void Compute(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double exaggeration, Span<double> slopeX, Span<double> slopeY)
    {
        double scale = 1 / FillKernel(x, y);
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> similar = p.AsSpan(i * n, n);
            ReadOnlySpan<double> near = kernel.AsSpan(i * n, n);
            Vector256<double> sumX = default;
            Vector256<double> sumY = default;
            int j = 0;
            for (; j <= n - Vector256<double>.Count; j += Vector256<double>.Count)
            {
                Vector256<double> k = At(near, j);
                Vector256<double> pull = ((At(similar, j) * exaggeration) - (k * scale)) * k;
                sumX += pull * (Vector256.Create(x[i]) - At(x, j));
                sumY += pull * (Vector256.Create(y[i]) - At(y, j));
            }

            (double restX, double restY) = (0, 0);
            for (; j < n; j++)
            {
                double pull = ((similar[j] * exaggeration) - (near[j] * scale)) * near[j];
                restX += pull * (x[i] - x[j]);
                restY += pull * (y[i] - y[j]);
            }

            slopeX[i] = 4 * (Vector256.Sum(sumX) + restX);
            slopeY[i] = 4 * (Vector256.Sum(sumY) + restY);
        }
    }

    /// <summary>KL(P‖Q) in nats.</summary>
    public double Divergence(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = FillKernel(x, y);
        double divergence = 0;
        for (int i = 0; i < p.Length; i++)
        {
            divergence += p[i] > 0 ? p[i] * Math.Log(p[i] * sum / kernel[i]) : 0;
        }

        return divergence;
    }

    private double FillKernel(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            Span<double> row = kernel.AsSpan(i * n, n);
            Vector256<double> sums = default;
            int j = 0;
            for (; j <= n - Vector256<double>.Count; j += Vector256<double>.Count)
            {
                Vector256<double> dx = Vector256.Create(x[i]) - At(x, j);
                Vector256<double> dy = Vector256.Create(y[i]) - At(y, j);
                Vector256<double> k = Vector256<double>.One / (Vector256<double>.One + (dx * dx) + (dy * dy));
                k.CopyTo(row[j..]);
                sums += k;
            }

            sum += Vector256.Sum(sums);
            for (; j < n; j++)
            {
                row[j] = 1 / (1 + ((x[i] - x[j]) * (x[i] - x[j])) + ((y[i] - y[j]) * (y[i] - y[j])));
                sum += row[j];
            }

            row[i] = 0;
            sum -= 1; // k_ii was 1
        }

        return sum;
    }

    private static Vector256<double> At(ReadOnlySpan<double> values, int index) =>
        Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)index);
}
