using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>The backbone in libtorch with batch norm folded into the convolutions, channels-last: what runs on CUDA, and in bfloat16.</summary>
/// <remarks>In float32 on the CPU it computes the same but for rounding; there the service runs the kernels of <see cref="Inference"/>.</remarks>
internal sealed class TorchBackbone : IDisposable
{
    private readonly ScalarType type;
    private readonly ParameterFreeAttention? attention;
    private readonly FoldedConvolution stem;
    private readonly (FoldedConvolution First, FoldedConvolution Second, FoldedConvolution? Shortcut)[] blocks;

    /// <summary>Folds a backbone.</summary>
    /// <param name="network">Copied; its running statistics are used, whatever its mode.</param>
    /// <param name="device">Where features will be computed.</param>
    /// <param name="type">Type of weights and maps: float32 or bfloat16.</param>
    public TorchBackbone(ResNet18 network, Device device, ScalarType type = ScalarType.Float32)
    {
        this.type = type;
        attention = network.HasAttention ? new ParameterFreeAttention() : null;
        stem = FoldedConvolution.Fold(network.Conv1, network.Bn1, device, type);
        blocks =
        [
            .. network.Blocks.Select(block => (
                FoldedConvolution.Fold(block.Conv1, block.Bn1, device, type),
                FoldedConvolution.Fold(block.Conv2, block.Bn2, device, type),
                block.Shortcut is var (convolution, norm) ? FoldedConvolution.Fold(convolution, norm, device, type) : null)),
        ];
    }

    /// <summary>The feature φ of each picture, shape (B, 512), float32.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32.</param>
    public Tensor Features(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor maps = LastMaps(images);                                             // (B, 512, H/32, W/32)
        long[] window = [maps.shape[2], maps.shape[3]];
        return nn.functional.avg_pool2d(maps, window).flatten(1).MoveToOuterDisposeScope();
    }

    /// <summary>The last feature maps, shape (B, 512, ⌈H/32⌉, ⌈W/32⌉), float32.</summary>
    /// <inheritdoc cref="Features"/>
    public Tensor LastMaps(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Pooled(images);                                                  // X: (B, 64, H/4, W/4)
        if (attention is not null)
        {
            x = x.IncreaseBy(attention.call(x));                                    // Z = X + A
        }

        foreach ((FoldedConvolution first, FoldedConvolution second, FoldedConvolution? shortcut) in blocks)
        {
            x = Block(x, first, second, shortcut);                                  // at last (B, 512, H/32, W/32)
        }

        // Means over places are taken in float32.
        return x.to_type(float32).MoveToOuterDisposeScope();
    }

    /// <summary>The maps after the max pool, before the attention, shape (B, 64, ⌈H/4⌉, ⌈W/4⌉), float32.</summary>
    /// <inheritdoc cref="Features"/>
    public Tensor PooledMaps(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return Pooled(images).to_type(float32).MoveToOuterDisposeScope();
    }

    private Tensor Pooled(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = stem.Apply(FoldedConvolution.ChannelsLast(images.to_type(type))).relu_(); // (B, 64, H/2, W/2)
        return nn.functional.max_pool2d(x, 3, 2, 1).MoveToOuterDisposeScope();      // X: (B, 64, H/4, W/4)
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

    private static Tensor Block(Tensor x, FoldedConvolution first, FoldedConvolution second, FoldedConvolution? shortcut)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = second.Apply(first.Apply(x).relu_());                            // (B, C', H', W')
        return y.IncreaseBy(shortcut is null ? x : shortcut.Apply(x)).relu_().MoveToOuterDisposeScope();
    }
}
