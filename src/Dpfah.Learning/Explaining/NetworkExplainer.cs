using Dpfah.Core.Imaging;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Explaining;

/// <summary>Heat maps of the very network that gives the codes: Grad-CAM of a weighted sum of its real code, and its attention.</summary>
/// <param name="backbone">The network, with batch norm folded in; not owned.</param>
/// <param name="layer">The hash layer.</param>
/// <param name="input">The model's preprocessing.</param>
/// <param name="device">The device of the network.</param>
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
internal sealed class NetworkExplainer(InferenceBackbone backbone, HashLayer layer, NetworkInput input, Device device)
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
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        Tensor image = tensor(picture.Input, [1, 3, input.Side, input.Side]).to(device);                // (1, 3, side, side)
        Tensor? maps = null;
        var drawn = new List<HeatMap>(targets.Count);
        foreach (HeatMapTarget target in targets)
        {
            drawn.Add(Stretched(target.BitWeights is { } weights
                ? Weighed(maps ??= DenseMaps(image), weights)
                : backbone.AttentionWeights(image).mean([1])[0]));                                      // (H/4, W/4)
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

    /// <summary>Σ_k max(0, (Wᵀw)_k) A^k.</summary>
    private Tensor Weighed(Tensor maps, IReadOnlyList<float> weights)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor channels = tensor(Direction(weights)).to(device).relu().view(-1, 1, 1);                  // (512, 1, 1)
        return (channels * maps).sum(dim: 0).MoveToOuterDisposeScope();                                 // (n, n)
    }

    /// <summary>The last maps, sampled between their places.</summary>
    /// <param name="image">Shape (1, 3, side, side).</param>
    /// <returns>Shape (512, n, n).</returns>
    private Tensor DenseMaps(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        int step = Stride / samples, margin = (Stride - step) / 2, side = input.Side;

        // Beyond its edges the picture goes on with its outermost pixels.
        Tensor wide = nn.functional.pad(image, [margin, margin, margin, margin], PaddingModes.Replicate);
        Tensor moved = cat(
            [
                .. Enumerable.Range(0, samples * samples).Select(i =>
                {
                    int top = step * (i / samples), left = step * (i % samples);
                    return wide[.., .., top..(top + side), left..(left + side)];
                }),
            ],
            0);                                                                                         // (samples², 3, side, side)
        Tensor maps = backbone.LastMaps(moved);                                                         // (samples², 512, p, p)
        long places = maps.shape[2];
        Tensor dense = maps.reshape(samples, samples, ResNet18.FeatureLength, places, places)
            .permute(2, 3, 0, 4, 1)                                                                     // (512, p, samples, p, samples)
            .reshape(ResNet18.FeatureLength, places * samples, places * samples);
        int inside = (side + step - 1) / step;
        return dense[.., ..inside, ..inside].MoveToOuterDisposeScope();                                 // (512, n, n)
    }

    private static HeatMap Stretched(Tensor map)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] values = HashFitting.Floats(map);
        (double least, double range) = (values.Min(), (double)values.Max() - values.Min());
        bool isEven = range <= LeastRange * Math.Abs(values.Max());
        return new HeatMap(
            (int)map.shape[1], (int)map.shape[0], Array.ConvertAll(values, value => isEven ? 0 : (float)Math.Clamp((value - least) / range, 0, 1)));
    }
}
