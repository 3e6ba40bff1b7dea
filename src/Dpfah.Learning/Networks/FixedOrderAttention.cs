using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>Parameter-free attention for inference on the CPU, with the same operations in the same order for every picture.</summary>
/// <remarks>
/// <see cref="ParameterFreeAttention"/> is the definition. Its operations of libtorch share a batch out among threads, and where a
/// share ends σ is computed by another routine and sums are taken in another order: on 3 or 8 threads some features differed in the
/// last bit with the size of the batch.
/// </remarks>
internal static class FixedOrderAttention
{
    /// <summary>Z = X + σ(1/E) ⊙ X, in place.</summary>
    /// <param name="x">Feature maps X, shape (B, C, H, W), channels last, float32, C a multiple of 8.</param>
    /// <returns>Z, in the memory of <paramref name="x"/>.</returns>
    public static Tensor AddTo(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = x.permute(0, 2, 3, 1).contiguous();                         // (B, H, W, C), x itself if channels last
        Span<float> values = MemoryMarshal.Cast<byte, float>(pixels.bytes);
        int picture = checked((int)(values.Length / x.shape[0]));
        for (int start = 0; start < values.Length; start += picture)
        {
            AddToPicture(values.Slice(start, picture), (int)x.shape[1]);
        }

        return pixels.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private static void AddToPicture(Span<float> values, int channels)
    {
        Span<Vector256<float>> x = MemoryMarshal.Cast<float, Vector256<float>>(values);
        int width = channels / Vector256<float>.Count;
        int count = x.Length / width;
        Vector256<float> half = Vector256.Create(0.5f);
        for (int c = 0; c < width; c++)
        {
            Vector256<float> mean = Sum(x, c, width, Vector256<float>.Zero, squared: false) / count;            // μ
            Vector256<float> variance = Sum(x, c, width, mean, squared: true) / Math.Max(count - 1, 1);         // V
            Vector256<float> scale = (variance + Vector256.Create((float)ParameterFreeAttention.DefaultLambda)) * 4;// 4(V + λ)
            for (int i = c; i < x.Length; i += width)
            {
                Vector256<float> deviation = x[i] - mean;
                Vector256<float> inverseEnergy = (deviation * deviation / scale) + half;                        // 1/e*, Eq. (8)
                Vector256<float> sigmoid = Vector256<float>.One / (Vector256<float>.One + Vector256.Exp(-inverseEnergy));
                x[i] += sigmoid * x[i];                                                                         // X + A, Eq. (9)
            }
        }
    }

    /// <summary>Sum over a channel's neurons of x or of (x − mean)², first to last, in double precision.</summary>
    private static Vector256<float> Sum(ReadOnlySpan<Vector256<float>> x, int first, int step, Vector256<float> mean, bool squared)
    {
        Vector256<double> lower = Vector256<double>.Zero, upper = Vector256<double>.Zero;
        for (int i = first; i < x.Length; i += step)
        {
            Vector256<float> term = x[i] - mean;
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(squared ? term * term : term);
            lower += low;
            upper += high;
        }

        return Vector256.Narrow(lower, upper);
    }
}
