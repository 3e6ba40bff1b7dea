using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>A convolution into which the batch norm behind it was folded, for channels-last inputs.</summary>
internal sealed class FoldedConvolution : IDisposable
{
    private readonly Tensor weight;
    private readonly Tensor bias;
    private readonly long[] stride;
    private readonly long[] padding;

    private FoldedConvolution(Tensor weight, Tensor bias, long[] stride, long[] padding)
    {
        this.weight = weight;
        this.bias = bias;
        this.stride = stride;
        this.padding = padding;
    }

    /// <summary>Folds the running statistics and the affine map of a batch norm into the convolution before it.</summary>
    /// <param name="convolution">Without bias.</param>
    /// <param name="norm">Its running statistics are used, as in evaluation mode.</param>
    /// <param name="device">Where the convolution will compute.</param>
    /// <param name="type">The type in which it will, float32 or bfloat16.</param>
    public static FoldedConvolution Fold(Conv2d convolution, BatchNorm2d norm, Device device, ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor weight, Tensor bias) = Folded(convolution, norm);

        // A strided 1x1 convolution becomes a 2x2 one with three zero taps. In channels-last float32, libtorch 2.10's kernel
        // for strided 1x1 (oneDNN 3.7.1, brgconv_1x1:avx512_core) has given wrong sums at 256 -> 512 channels; a 2x2 window
        // gets another kernel. It costs 3 % of the network.
        bool strided1x1 = weight.shape[2] == 1 && convolution.stride![0] == 2;
        if (strided1x1)
        {
            weight = nn.functional.pad(weight, [0, 1, 0, 1]);                                           // (O, I, 2, 2)
        }

        return new FoldedConvolution(
            ChannelsLast(weight.to(type, device)).DetachFromDisposeScope(),
            bias.to(type, device).DetachFromDisposeScope(),
            convolution.stride!,
            convolution.padding!);
    }

    /// <summary>Weight and bias of convolution and batch norm in one.</summary>
    /// <param name="convolution">Without bias.</param>
    /// <param name="norm">Its running statistics are used, as in evaluation mode.</param>
    /// <returns>w' = w γ/√(σ² + ε), shape (O, I, k, k), and b' = β − μ γ/√(σ² + ε), shape (O), in double precision.</returns>
    public static (Tensor Weight, Tensor Bias) Folded(Conv2d convolution, BatchNorm2d norm)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor variance = Wide(norm.running_var!).Plus(norm.eps);                                       // (O)
        Tensor scale = Wide(norm.weight!) / variance.sqrt();                                            // (O)
        Tensor bias = Wide(norm.bias!).Plus((Wide(norm.running_mean!) * scale).neg());                  // (O)
        Tensor weight = Wide(convolution.weight!) * scale.view(-1, 1, 1, 1);                            // (O, I, k, k)
        return (weight.MoveToOuterDisposeScope(), bias.MoveToOuterDisposeScope());
    }

    /// <summary>The same values with the channels of a pixel side by side in memory.</summary>
    /// <param name="x">Shape (B, C, H, W), in any layout.</param>
    public static Tensor ChannelsLast(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Convolution and batch norm.</summary>
    /// <param name="x">Shape (B, I, H, W), channels last.</param>
    /// <returns>Shape (B, O, ⌈H/stride⌉, ⌈W/stride⌉), channels last.</returns>
    public Tensor Apply(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        if (weight.shape[2] == 2 && ((x.shape[2] | x.shape[3]) & 1) != 0)
        {
            // The last window would lack the pixels of its zero taps.
            x = nn.functional.pad(x, [0, x.shape[3] & 1, 0, x.shape[2] & 1]);
        }

        return nn.functional.conv2d(x, weight, bias, stride, padding).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        weight.Dispose();
        bias.Dispose();
    }

    private static Tensor Wide(Tensor tensor) => tensor.to_type(ScalarType.Float64);
}
