using Dpfah.Core.Imaging;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Explaining;

/// <summary>Heat maps of the very network that gives the codes: Grad-CAM of a weighted sum of its real code, and its attention.</summary>
/// <param name="backbone">The network, with batch norm folded in; not owned.</param>
/// <param name="layer">The hash layer.</param>
/// <param name="input">The model's preprocessing.</param>
/// <remarks>
/// <para>
/// T = Σ_j w_j u_j with u = W φ + v is ⟨Wᵀw, φ⟩ and a constant, and φ is the mean of the last maps A over their M places. So
/// ∂T/∂A^k_pq = (Wᵀw)_k / M at every place, and the weight of channel k in Grad-CAM (Selvaraju et al., ICCV 2017), the mean of this
/// gradient over the places, is the same number: no differentiation is needed. The attention stands before the first stage, so that no
/// gradient passes it: it is in the maps, as all that the network does to a picture.
/// </para>
/// <para>
/// The map is Σ_k max(0, (Wᵀw)_k) A^k, stretched so that the least is 0 and the largest 1. Channels that speak against T are left out: a
/// hash layer reads a feature less the mean feature, so that about as many channels have a negative weight as a positive one; where much
/// is to be seen both sums are large and cancel, and the article's Σ_k w_k A^k is largest where the picture is empty.
/// </para>
/// <para>
/// The last maps have 4 x 4 places for pictures of 128 pixels and 2 x 2 for 64. They are sampled between these by moving the picture by parts
/// of the stride of 32 pixels (shift and stitch: Long et al., CVPR 2015), until there are at least seven places along a side. With the
/// trained model of 64 pixels such maps correlated by 0.3 with what covering parts of five garments took from T; Grad-CAM at the second
/// stage, which has as fine a grid of its own, by -0.1.
/// </para>
/// <para>The attention's map is the mean of σ(1/E) over the channels, stretched in the same way.</para>
/// </remarks>
internal sealed class NetworkExplainer(InferenceBackbone backbone, HashLayer layer, NetworkInput input)
{
    private const int Stride = 32;
    private const int LeastPlaces = 7; // as 224 pixels give

    // What rounding leaves of an even map.
    private const double LeastRange = 1e-6;

    private readonly int samples = SamplesFor(input.Side);

    /// <summary>Whether the network has an attention.</summary>
    public bool HasAttention => backbone.HasAttention;

    /// <summary>Decodes a preview and checks what is asked of it. Safe to call from many threads.</summary>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    /// <exception cref="ArgumentException">A target does not fit the network.</exception>
    public ExplainedPicture Prepare(ReadOnlyMemory<byte> previewJpeg, IReadOnlyList<HeatMapTarget> targets)
    {
        foreach (HeatMapTarget target in targets)
        {
            if (target.BitWeights is { } weights ? weights.Count != layer.Bits : !HasAttention)
            {
                throw new ArgumentException(
                    target.BitWeights is { } given ? $"{given.Count} weights do not fit codes of {layer.Bits} bits." : "The network has no attention.",
                    nameof(targets));
            }
        }

        var pixels = new float[input.Length];
        input.Write(previewJpeg, pixels, out SeenPart seen);
        return new ExplainedPicture(pixels, seen);
    }

    /// <summary>Computes maps. Only on the thread of the network.</summary>
    /// <param name="picture">What <see cref="Prepare"/> returned.</param>
    /// <param name="targets">What the maps show.</param>
    /// <returns>One map a target, in order.</returns>
    public IReadOnlyList<HeatMap> Explain(ExplainedPicture picture, IReadOnlyList<HeatMapTarget> targets)
    {
        float[]? maps = null;
        var drawn = new List<HeatMap>(targets.Count);
        foreach (HeatMapTarget target in targets)
        {
            drawn.Add(target.BitWeights is { } weights ? Weighed(maps ??= DenseMaps(picture.Input), weights) : Attention(picture.Input));
        }

        return drawn;
    }

    /// <summary>Wᵀw: how T rises along each value of the feature; M times the gradient at each place of the last maps.</summary>
    internal float[] Direction(IReadOnlyList<float> weights)
    {
        var direction = new double[layer.Features];
        for (int bit = 0; bit < weights.Count; bit++)
        {
            for (int k = 0; k < direction.Length && weights[bit] != 0; k++)
            {
                direction[k] += (double)weights[bit] * layer.Weight[(bit * direction.Length) + k];
            }
        }

        return Array.ConvertAll(direction, value => (float)value);
    }

    /// <summary>How often along a side the last maps are sampled within their stride.</summary>
    internal static int SamplesFor(int side)
    {
        int places = (side + Stride - 1) / Stride, samples = 1;
        while (samples < Stride && samples * places < LeastPlaces)
        {
            samples *= 2;
        }

        return samples;
    }

    /// <summary>Σ_k max(0, (Wᵀw)_k) A^k, stretched.</summary>
    /// <param name="maps">As <see cref="DenseMaps"/> returns them.</param>
    /// <param name="weights">w.</param>
    private HeatMap Weighed(float[] maps, IReadOnlyList<float> weights)
    {
        float[] direction = Direction(weights);
        int places = (input.Side + Stride - 1) / Stride, step = Stride / samples, inside = (input.Side + step - 1) / step;
        var sums = new double[inside * inside];
        for (int y = 0; y < inside; y++)
        {
            for (int x = 0; x < inside; x++)
            {
                int sample = (y % samples * samples) + (x % samples), place = (y / samples * places) + (x / samples);
                for (int k = 0; k < direction.Length; k++)
                {
                    sums[(y * inside) + x] += Math.Max(0, direction[k]) * (double)maps[(((sample * direction.Length) + k) * places * places) + place];
                }
            }
        }

        return Stretched(sums, inside);
    }

    /// <summary>The last maps, sampled between their places.</summary>
    /// <param name="image">(3, side, side).</param>
    /// <returns>(samples², 512, p, p): those of the picture moved up and left, row by row, by so many steps of stride / samples.</returns>
    private float[] DenseMaps(float[] image)
    {
        int step = Stride / samples, margin = (Stride - step) / 2, side = input.Side, count = samples * samples;
        var moved = new float[count * image.Length];                                                    // (samples², 3, side, side)
        for (int i = 0; i < count; i++)
        {
            int top = (step * (i / samples)) - margin, left = (step * (i % samples)) - margin;
            for (int row = 0; row < 3 * side; row++)
            {
                // Beyond its edges the picture goes on with its outermost pixels.
                int from = ((row / side * side) + Math.Clamp((row % side) + top, 0, side - 1)) * side, to = (i * image.Length) + (row * side);
                for (int x = 0; x < side; x++)
                {
                    moved[to + x] = image[from + Math.Clamp(x + left, 0, side - 1)];
                }
            }
        }

        return backbone.LastMaps(moved, count, side);
    }

    /// <summary>The mean of σ(1/E) over the channels, stretched.</summary>
    /// <param name="image">(3, side, side).</param>
    private HeatMap Attention(float[] image)
    {
        float[] maps = backbone.PooledMaps(image, 1, input.Side);                                       // X: (64, H/4, W/4)
        int places = (input.Side + 3) / 4, neurons = places * places;                                   // M
        var sums = new double[neurons];
        foreach (float[] channel in maps.Chunk(neurons))
        {
            // Eq. (8), as in ParameterFreeAttention.
            double mean = channel.Average(x => (double)x);                                              // μ
            double variance = channel.Sum(x => (x - mean) * (x - mean)) / Math.Max(neurons - 1, 1);     // V
            double scale = 4 * (variance + ParameterFreeAttention.DefaultLambda);
            for (int i = 0; i < neurons; i++)
            {
                double inverseEnergy = ((channel[i] - mean) * (channel[i] - mean) / scale) + 0.5;       // 1/e*
                sums[i] += 1 / (1 + Math.Exp(-inverseEnergy));                                          // σ(1/E)
            }
        }

        return Stretched(sums, places);
    }

    /// <summary>Stretches values so that the least is 0 and the largest 1; even ones become 0.</summary>
    private static HeatMap Stretched(double[] values, int side)
    {
        (double least, double most) = (values.Min(), values.Max());
        double range = most - least;
        bool isEven = range <= LeastRange * Math.Abs(most);
        return new HeatMap(side, side, Array.ConvertAll(values, value => isEven ? 0 : (float)Math.Clamp((value - least) / range, 0, 1)));
    }
}
