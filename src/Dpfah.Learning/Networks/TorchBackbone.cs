using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>The backbone in libtorch with batch norm folded into the convolutions, float32, channels-last: what runs on CUDA.</summary>
/// <remarks>On the CPU it computes the same but for rounding; there the service runs the kernels of <see cref="Inference"/>.</remarks>
internal sealed class TorchBackbone : IDisposable
{
    private readonly ParameterFreeAttention? attention;
    private readonly FoldedConvolution stem;
    private readonly (FoldedConvolution First, FoldedConvolution Second, FoldedConvolution? Shortcut)[] blocks;

    /// <summary>Folds a backbone.</summary>
    /// <param name="network">Copied; its running statistics are used, whatever its mode.</param>
    /// <param name="device">Where features will be computed.</param>
    public TorchBackbone(ResNet18 network, Device device)
    {
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

    /// <summary>The feature φ of each picture, shape (B, 512).</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W).</param>
    public Tensor Features(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor maps = LastMaps(images);                                             // (B, 512, H/32, W/32)
        long[] window = [maps.shape[2], maps.shape[3]];
        return nn.functional.avg_pool2d(maps, window).flatten(1).MoveToOuterDisposeScope();
    }

    /// <summary>The last feature maps, shape (B, 512, ⌈H/32⌉, ⌈W/32⌉).</summary>
    /// <inheritdoc cref="Features"/>
    public Tensor LastMaps(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = PooledMaps(images);                                              // X: (B, 64, H/4, W/4)
        if (attention is not null)
        {
            x = x.IncreaseBy(attention.call(x));                                    // Z = X + A
        }

        foreach ((FoldedConvolution first, FoldedConvolution second, FoldedConvolution? shortcut) in blocks)
        {
            x = Block(x, first, second, shortcut);                                  // at last (B, 512, H/32, W/32)
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The maps after the max pool, before the attention, shape (B, 64, ⌈H/4⌉, ⌈W/4⌉).</summary>
    /// <inheritdoc cref="Features"/>
    public Tensor PooledMaps(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = stem.Apply(FoldedConvolution.ChannelsLast(images)).relu_();      // (B, 64, H/2, W/2)
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
