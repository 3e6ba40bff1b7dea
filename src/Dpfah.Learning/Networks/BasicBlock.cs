using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// The residual block of ResNet18: two 3x3 convolutions and a shortcut (He et al., CVPR 2016; the stride is in the first
/// convolution). Modules carry torchvision's names.
/// </summary>
public sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly Sequential? downsample;
    private readonly long stride;

    /// <summary>Creates the block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="stride">Stride of the first convolution and of the shortcut.</param>
    public BasicBlock(long inChannels, long outChannels, long stride)
        : base(nameof(BasicBlock))
    {
        this.stride = stride;
        conv1 = nn.Conv2d(inChannels, outChannels, 3, stride, 1, bias: false);
        bn1 = nn.BatchNorm2d(outChannels);
        conv2 = nn.Conv2d(outChannels, outChannels, 3, 1, 1, bias: false);
        bn2 = nn.BatchNorm2d(outChannels);

        // The shortcut is the identity, unless the shape changes.
        if (stride != 1 || inChannels != outChannels)
        {
            downsample = nn.Sequential(
                ("0", nn.Conv2d(inChannels, outChannels, 1, stride, bias: false)),
                ("1", nn.BatchNorm2d(outChannels)));
        }

        RegisterComponents();
    }

    internal Conv2d Conv1 => conv1;

    internal BatchNorm2d Bn1 => bn1;

    internal Conv2d Conv2 => conv2;

    internal BatchNorm2d Bn2 => bn2;

    /// <summary>Convolution and batch norm of the shortcut; null when it is the identity.</summary>
    internal (Conv2d Conv, BatchNorm2d Bn)? Shortcut =>
        downsample is null ? null : ((Conv2d)downsample[0], (BatchNorm2d)downsample[1]);

    /// <summary>Output of the block.</summary>
    /// <param name="x">Shape (B, inChannels, H, W).</param>
    /// <returns>Shape (B, outChannels, ⌈H/stride⌉, ⌈W/stride⌉), not negative.</returns>
    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor shortcut = Shortcut is var (convolution, norm)                       // (B, C', H', W')
            ? Normalized(norm, Strided(convolution, x))
            : x;
        Tensor y = Normalized(bn1, conv1.call(x)).relu();                           // (B, C', H', W')
        y = Normalized(bn2, conv2.call(y));                                         // (B, C', H', W')
        return y.Plus(shortcut).relu().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Batch norm, without the module's own call: that counts batches in training, which no result needs, and makes a Scalar to count by (see
    /// <see cref="TensorArithmetic"/>).
    /// </summary>
    /// <param name="norm">In training mode its running statistics are updated.</param>
    /// <param name="x">Shape (B, C, H, W).</param>
    internal static Tensor Normalized(BatchNorm2d norm, Tensor x) => nn.functional.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training, norm.momentum!.Value, norm.eps);

    /// <summary>
    /// The 1x1 convolution of the shortcut, with its stride taken first: oneDNN's channels-last kernel for 1x1 with a stride is wrong
    /// on some processors (libtorch 2.10).
    /// </summary>
    private Tensor Strided(Conv2d convolution, Tensor x)
    {
        Tensor pixels = stride == 1 ? x : x[.., .., TensorIndex.Slice(step: stride), TensorIndex.Slice(step: stride)];
        return nn.functional.conv2d(pixels, convolution.weight);
    }
}
