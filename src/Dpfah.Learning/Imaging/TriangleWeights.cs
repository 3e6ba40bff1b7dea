using System.Buffers;

namespace Dpfah.Learning.Imaging;

/// <summary>The weights of the triangle filter along one axis, in fixed point.</summary>
internal sealed class TriangleWeights : IDisposable
{
    /// <summary>A weight of 1 is 2 to this power: 32 bits less 8 of the pixel and 2 to spare.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    /// <summary>One half: added to a sum so that the shift rounds.</summary>
    public const uint Half = 1u << (PrecisionBits - 1);

    private readonly uint[] weights;
    private readonly (int First, int Count)[] spans;

    /// <summary>Computes the weights for a stretch of the resized axis.</summary>
    /// <param name="sourceLength">Length of the axis before, in pixels.</param>
    /// <param name="targetLength">Length of the axis after, in pixels.</param>
    /// <param name="start">First pixel of the stretch.</param>
    /// <param name="count">Pixels in the stretch.</param>
    /// <param name="group">
    /// Each pixel gets a multiple of so many weights, zeros among them: what a kernel takes at a time. They are for pixels of the
    /// source, unless it has fewer than <see cref="MostWeights"/>.
    /// </param>
    public TriangleWeights(int sourceLength, int targetLength, int start, int count, int group)
    {
        double scale = (double)sourceLength / targetLength;
        double support = Math.Max(scale, 1.0);
        MostWeights = RoundUp(((int)Math.Ceiling(support) * 2) + 1, group);
        Count = count;
        weights = ArrayPool<uint>.Shared.Rent(MostWeights * count);
        spans = ArrayPool<(int, int)>.Shared.Rent(count);
        double[] real = ArrayPool<double>.Shared.Rent(MostWeights);
        for (int i = 0; i < count; i++)
        {
            double centre = (start + i + 0.5) * scale;
            int first = Math.Max((int)(centre - support + 0.5), 0);
            int taps = Math.Min((int)(centre + support + 0.5), sourceLength) - first;
            double sum = 0;
            for (int tap = 0; tap < taps; tap++)
            {
                real[tap] = Math.Max(1.0 - Math.Abs((tap + first - centre + 0.5) * (1.0 / support)), 0.0);
                sum += real[tap];
            }

            int padded = RoundUp(taps, group);
            int moved = Math.Max(0, Math.Min(first, sourceLength - padded));
            Span<uint> own = weights.AsSpan(i * MostWeights, padded);
            own.Clear();
            for (int tap = 0; tap < taps; tap++)
            {
                own[first - moved + tap] = (uint)(0.5 + (real[tap] / sum * (1 << PrecisionBits)));
            }

            spans[i] = (moved, padded);
        }

        ArrayPool<double>.Shared.Return(real);
        SourceStart = spans[0].First;
        SourceEnd = spans[count - 1].First + spans[count - 1].Count;
    }

    /// <summary>Most weights that a pixel of the stretch has.</summary>
    public int MostWeights { get; }

    /// <summary>Pixels in the stretch.</summary>
    public int Count { get; }

    /// <summary>First source pixel that the stretch needs.</summary>
    public int SourceStart { get; }

    /// <summary>One past the last source pixel that the stretch needs.</summary>
    public int SourceEnd { get; }

    /// <summary>The weights of one pixel of the stretch, and the source pixel that the first of them is for.</summary>
    public ReadOnlySpan<uint> Of(int index, out int first)
    {
        (first, int taps) = spans[index];
        return weights.AsSpan(index * MostWeights, taps);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        ArrayPool<uint>.Shared.Return(weights);
        ArrayPool<(int, int)>.Shared.Return(spans);
    }

    private static int RoundUp(int value, int group) => (value + group - 1) / group * group;
}
