using Dpfah.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// The backbone as all codes are computed: batch norm folded into the convolutions, float32, channels-last. A picture gets the
/// same feature, bit for bit, alone or in any batch, on one thread or several.
/// </summary>
/// <remarks>
/// Channels-last is 1.2 (one picture) to 1.4 times (batches) as fast as the plain layout. Another layout, precision or way to
/// fold flips some bits of codes: <see cref="Arithmetic"/> names them all, and is part of a generation's identity.
/// </remarks>
public sealed class InferenceBackbone : IFeatureNetwork
{
    /// <summary>Raised by every change of this class that changes a bit of a feature.</summary>
    public const int Version = 1;

    // ConvParams::use_mkldnn of libtorch leaves a single picture with so few values in a map to other kernels.
    private const long SmallestMapOfOneDnn = 20480;

    private readonly Device device;
    private readonly ParameterFreeAttention? attention;
    private readonly FoldedConvolution stem;
    private readonly (FoldedConvolution First, FoldedConvolution Second, FoldedConvolution? Shortcut)[] blocks;

    /// <summary>Folds a backbone.</summary>
    /// <param name="network">Copied; its running statistics are used, whatever its mode.</param>
    /// <param name="device">Where features will be computed.</param>
    /// <exception cref="ArgumentException">The network has an attention other than the paper's: it is for experiments only.</exception>
    public InferenceBackbone(ResNet18 network, Device device)
    {
        if (network.HasAttention && network.Attention != AttentionOptions.Paper)
        {
            throw new ArgumentException(
                $"The attention is {network.Attention}; models run with {AttentionOptions.Paper} or none.", nameof(network));
        }

        this.device = device;
        LastStageBlocks = network.LastStageBlocks;
        attention = network.HasAttention ? new ParameterFreeAttention() : null;
        stem = FoldedConvolution.Fold(network.Conv1, network.Bn1, device);
        blocks =
        [
            .. network.Blocks.Select(block => (
                FoldedConvolution.Fold(block.Conv1, block.Bn1, device),
                FoldedConvolution.Fold(block.Conv2, block.Bn2, device),
                block.Shortcut is var (convolution, norm) ? FoldedConvolution.Fold(convolution, norm, device) : null)),
        ];
    }

    /// <inheritdoc/>
    public int FeatureLength => ResNet18.FeatureLength;

    /// <summary>Blocks of the last stage: 2 or 3.</summary>
    public int LastStageBlocks { get; }

    /// <summary>Whether the parameter-free attention follows the max pool.</summary>
    public bool HasAttention => attention is not null;

    /// <summary>Encoder version, layout, precision, device class and CPU kernel class, such as <c>1/nhwc/fp32/cpu/avx512</c>.</summary>
    public string Arithmetic => $"{Version}/nhwc/fp32/{(device.type == DeviceType.CUDA ? "cuda" : "cpu")}/{CpuKernels.Class}";

    /// <summary>The feature φ of each picture.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32, on the device of this backbone.</param>
    /// <returns>Shape (B, 512), on the same device; the caller owns it.</returns>
    public Tensor Features(Tensor images)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        bool single = images.shape[0] == 1 && LastMapValues(images) <= SmallestMapOfOneDnn;
        Tensor x = single ? images.expand(2, -1, -1, -1) : images;                  // twice over: see SmallestMapOfOneDnn
        Tensor maps = FeatureMaps(x);                                               // (B, 512, H/32, W/32)

        // Not mean(): its order of sums depends on the number of threads.
        long[] window = [maps.shape[2], maps.shape[3]];
        Tensor feature = nn.functional.avg_pool2d(maps, window).flatten(1);         // φ: (B, 512)
        return (single ? feature[..1] : feature).MoveToOuterDisposeScope();
    }

    /// <summary>The last feature maps, of which φ is the mean over the places: for explanations.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32, on the device of this backbone.</param>
    /// <returns>Shape (B, 512, ⌈H/32⌉, ⌈W/32⌉), not negative; the caller owns it.</returns>
    internal Tensor LastMaps(Tensor images)
    {
        using IDisposable inference = inference_mode(true);
        return FeatureMaps(images);
    }

    /// <summary>σ(1/E) of the attention: how much each neuron after the max pool counts, from 0.622 to 1.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32, on the device of this backbone.</param>
    /// <returns>Shape (B, 64, H/4, W/4); the caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The network has no attention.</exception>
    internal Tensor AttentionWeights(Tensor images)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        ParameterFreeAttention module = attention ?? throw new InvalidOperationException("The network has no attention.");
        return module.Weights(StemMaps(images)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        attention?.Dispose();
        stem.Dispose();
        foreach ((FoldedConvolution first, FoldedConvolution second, FoldedConvolution? shortcut) in blocks)
        {
            first.Dispose();
            second.Dispose();
            shortcut?.Dispose();
        }
    }

    private static long LastMapValues(Tensor images) =>
        ResNet18.FeatureLength * ((images.shape[2] + 31) / 32) * ((images.shape[3] + 31) / 32);

    private Tensor FeatureMaps(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = StemMaps(images);                                                // X: (B, 64, H/4, W/4)
        if (attention is not null)
        {
            x = device.type == DeviceType.CPU                                       // Z = X + A
                ? FixedOrderAttention.AddTo(x)
                : x.IncreaseBy(attention.call(x));
        }

        foreach ((FoldedConvolution first, FoldedConvolution second, FoldedConvolution? shortcut) in blocks)
        {
            x = Block(x, first, second, shortcut);                                  // at last (B, 512, H/32, W/32)
        }

        return x.MoveToOuterDisposeScope();
    }

    private Tensor StemMaps(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = stem.Apply(FoldedConvolution.ChannelsLast(images)).relu_();      // (B, 64, H/2, W/2)
        return nn.functional.max_pool2d(x, 3, 2, 1).MoveToOuterDisposeScope();      // X: (B, 64, H/4, W/4)
    }

    private static Tensor Block(Tensor x, FoldedConvolution first, FoldedConvolution second, FoldedConvolution? shortcut)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = second.Apply(first.Apply(x).relu_());                            // (B, C', H', W')
        return y.IncreaseBy(shortcut is null ? x : shortcut.Apply(x)).relu_().MoveToOuterDisposeScope();
    }
}
