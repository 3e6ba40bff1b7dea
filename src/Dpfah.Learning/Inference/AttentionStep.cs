using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Inference;

/// <summary>Parameter-free attention, Z = X + σ(1/E) ⊙ X, in place; <see cref="ParameterFreeAttention"/> is the definition.</summary>
/// <remarks>A share is sixteen channels of a picture, a cache line of each pixel. Sums go pixel by pixel, in double precision.</remarks>
internal sealed unsafe class AttentionStep
{
    private const int Width = 16;

    private readonly Action<int, int, int> share;
    private FeatureMaps maps = null!;

    public AttentionStep() => share = Share;

    /// <summary>Z = X + σ(1/E) ⊙ X.</summary>
    /// <param name="count">How many pictures.</param>
    /// <param name="x">X, then Z.</param>
    /// <param name="team">Shares the work.</param>
    public void Apply(int count, FeatureMaps x, ThreadTeam team)
    {
        maps = x;
        team.For(count * (x.Channels / Width), share);
    }

    private void Share(int thread, int first, int last)
    {
        for (int item = first; item < last; item++)
        {
            (int picture, int part) = Math.DivRem(item, maps.Channels / Width);
            if (Lanes.Wide)
            {
                Weigh<Lanes512, Vector512<float>>(picture, part * Width);
            }
            else
            {
                Weigh<Lanes256, Vector256<float>>(picture, part * Width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh<TLanes, TVector>(int picture, int channel)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float* means = stackalloc float[Width];
        float* scales = stackalloc float[Width];
        Sums(picture, channel, means, null);
        for (int c = 0; c < Width; c++)
        {
            means[c] /= maps.Pixels;                                                        // μ
        }

        Sums(picture, channel, scales, means);
        for (int c = 0; c < Width; c++)
        {
            float variance = scales[c] / Math.Max(maps.Pixels - 1, 1);                      // V
            scales[c] = (variance + (float)ParameterFreeAttention.DefaultLambda) * 4;       // 4(V + λ)
        }

        for (int c = 0; c < Width; c += TLanes.Count)
        {
            TVector mean = TLanes.Load(means + c), scale = TLanes.Load(scales + c);
            for (int y = 0; y < maps.Height; y++)
            {
                float* x = maps.At(picture, y, 0) + channel + c;
                for (int i = 0; i < maps.Width; i++, x += maps.Channels)
                {
                    TVector value = TLanes.Load(x);
                    TVector deviation = TLanes.Subtract(value, mean);
                    TVector inverseEnergy = TLanes.Add(                                     // 1/e*, Eq. (8)
                        TLanes.Divide(TLanes.Multiply(deviation, deviation), scale), TLanes.Splat(0.5f));
                    TLanes.Store(TLanes.MultiplyAdd(Sigmoid<TLanes, TVector>(inverseEnergy), value, value), x); // X + A, Eq. (9)
                }
            }
        }
    }

    /// <summary>σ(z) = 1 / (1 + e⁻ᶻ) for z from 0, to the last bit but one.</summary>
    /// <remarks>
    /// e⁻ᶻ = 2ⁿ eʳ with n whole and |r| at most ln 2 / 2; eʳ by the polynomial of Cephes (Moshier). Our own, as the runtime's is not the
    /// same on all processors, and slow where it is not compiled into its caller.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sigmoid<TLanes, TVector>(TVector z)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector one = TLanes.Splat(1), shift = TLanes.Splat(1.5f * (1 << 23));
        TVector t = TLanes.Max(TLanes.Subtract(default, z), TLanes.Splat(-87));             // 2⁻¹²⁶ is about e⁻⁸⁷
        TVector shifted = TLanes.MultiplyAdd(t, TLanes.Splat(1.44269504f), shift);          // the sum's rounding makes n whole
        TVector n = TLanes.Subtract(shifted, shift);
        TVector r = TLanes.MultiplyAdd(n, TLanes.Splat(-0.693359375f), t);                  // ln 2 in two parts
        r = TLanes.MultiplyAdd(n, TLanes.Splat(2.12194440e-4f), r);
        TVector p = TLanes.Splat(1.9875691500e-4f);
        p = TLanes.MultiplyAdd(p, r, TLanes.Splat(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Splat(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Splat(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Splat(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Splat(5.0000001201e-1f));
        TVector exponential = TLanes.Multiply(
            TLanes.MultiplyAdd(TLanes.Multiply(r, r), p, TLanes.Add(r, one)), TLanes.PowerOfTwo(shifted));
        return TLanes.Divide(one, TLanes.Add(one, exponential));
    }

    /// <summary>Sums over a picture of x or, given means, of (x − mean)², first to last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sums(int picture, int channel, float* sums, float* means)
    {
        bool squared = means is not null;
        Vector256<float> lowMean = squared ? Vector256.Load(means) : default, highMean = squared ? Vector256.Load(means + 8) : default;
        Vector256<double> s0 = default, s1 = default, s2 = default, s3 = default;
        for (int y = 0; y < maps.Height; y++)
        {
            float* x = maps.At(picture, y, 0) + channel;
            for (int i = 0; i < maps.Width; i++, x += maps.Channels)
            {
                Vector256<float> low = Vector256.Load(x) - lowMean, high = Vector256.Load(x + 8) - highMean;
                if (squared)
                {
                    (low, high) = (low * low, high * high);
                }

                s0 += Vector256.WidenLower(low);
                s1 += Vector256.WidenUpper(low);
                s2 += Vector256.WidenLower(high);
                s3 += Vector256.WidenUpper(high);
            }
        }

        Vector256.Narrow(s0, s1).Store(sums);
        Vector256.Narrow(s2, s3).Store(sums + 8);
    }
}
