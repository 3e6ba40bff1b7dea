using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// The backbone: ResNet18 without its classifier, with parameter-free attention after the max pool (method, section 1).
/// </summary>
/// <remarks>
/// Modules carry torchvision's names (<c>conv1</c>, <c>layer2.0.downsample.0</c>, …), so that its checkpoints load; the
/// attention has no parameters. Batch norm: eps 1e-5, momentum 0.1.
/// </remarks>
public sealed class ResNet18 : Backbone
{
    /// <summary>Length of the feature φ.</summary>
    public const int FeatureLength = 512;

    /// <summary>Name of the architecture in model descriptions.</summary>
    public const string Architecture = "resnet18";

    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly MaxPool2d maxpool;
    private readonly ParameterFreeAttention? attention;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;

    /// <summary>Creates the network with random weights.</summary>
    /// <param name="attention">Whether the parameter-free attention follows the max pool.</param>
    /// <param name="lastStageBlocks">Blocks of layer4: 2 in the paper's network, 3 in the pretrained source.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another number of blocks.</exception>
    public ResNet18(bool attention, int lastStageBlocks = 2)
        : this(attention ? AttentionOptions.Paper : AttentionOptions.None, lastStageBlocks)
    {
    }

    /// <summary>The same, with the open choices of the attention.</summary>
    public ResNet18(AttentionOptions attention, int lastStageBlocks = 2)
        : base(Architecture)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lastStageBlocks, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lastStageBlocks, 3);
        LastStageBlocks = lastStageBlocks;
        conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias: false);
        bn1 = nn.BatchNorm2d(64);
        maxpool = nn.MaxPool2d(3, 2, 1);
        Attention = attention;
        this.attention = attention.Mode == AttentionMode.Off ? null : new ParameterFreeAttention(attention.Lambda, attention.DivideByM);
        layer1 = Stage(64, 64, 1, 2);
        layer2 = Stage(64, 128, 2, 2);
        layer3 = Stage(128, 256, 2, 2);
        layer4 = Stage(256, FeatureLength, 2, lastStageBlocks);
        RegisterComponents();
    }

    /// <summary>Blocks of layer4: 2 or 3.</summary>
    public int LastStageBlocks { get; }

    /// <inheritdoc/>
    public override int OutputLength => FeatureLength;

    /// <summary>The choices of the attention.</summary>
    public AttentionOptions Attention { get; }

    /// <summary>Whether the parameter-free attention follows the max pool.</summary>
    public bool HasAttention => attention is not null;

    internal Conv2d Conv1 => conv1;

    internal BatchNorm2d Bn1 => bn1;

    /// <summary>All basic blocks, in order.</summary>
    internal IEnumerable<BasicBlock> Blocks =>
        new[] { layer1, layer2, layer3, layer4 }.SelectMany(stage => stage.children()).Cast<BasicBlock>();

    /// <summary>The feature φ of each picture.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W); H and W multiples of 32, such as 224.</param>
    /// <returns>Shape (B, 512).</returns>
    public override Tensor forward(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return FeatureMaps(images).mean([2, 3]).MoveToOuterDisposeScope();          // φ: (B, 512)
    }

    /// <summary>The last feature maps, before the global average pool.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W).</param>
    /// <param name="observe">Shown the output of each stage under its name: maxpool, pfa_sum, layer1 to layer4.</param>
    /// <returns>Shape (B, 512, H/32, W/32).</returns>
    public Tensor FeatureMaps(Tensor images, Action<string, Tensor>? observe = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = BasicBlock.Normalized(bn1, conv1.call(images)).relu();           // (B, 64, H/2, W/2)
        Tensor x = maxpool.call(y);                                                 // X: (B, 64, H/4, W/4)
        observe?.Invoke("maxpool", x);
        if (attention is not null)
        {
            Tensor a = attention.call(x);                                           // A: (B, 64, H/4, W/4)
            x = Attention.Mode == AttentionMode.Residual ? x.Plus(a) : a;           // Z = X + A: (B, 64, H/4, W/4)
        }

        observe?.Invoke("pfa_sum", x);
        return Finish(x, 0, observe).MoveToOuterDisposeScope();
    }

    /// <summary>The last feature maps from those of an earlier stage: what the network does after it.</summary>
    /// <param name="maps">Output of a stage, as <see cref="FeatureMaps"/> shows it.</param>
    /// <param name="stage">Which: 1 to 4 for layer1 to layer4, 0 for the sum with the attention.</param>
    /// <param name="observe">Shown the output of each further stage under its name.</param>
    /// <returns>Shape (B, 512, H/32, W/32).</returns>
    public Tensor Finish(Tensor maps, int stage, Action<string, Tensor>? observe = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = maps.alias();
        Sequential[] stages = [layer1, layer2, layer3, layer4];                     // (B, 64, H/4, W/4), (B, 128, H/8, W/8),
        for (int i = stage; i < stages.Length; i++)                                 // (B, 256, H/16, W/16), (B, 512, H/32, W/32)
        {
            x = stages[i].call(x);
            observe?.Invoke($"layer{i + 1}", x);
        }

        return x.MoveToOuterDisposeScope();
    }

    private static Sequential Stage(long inChannels, long outChannels, long stride, int blocks) =>
        nn.Sequential(Enumerable.Range(0, blocks).Select(i => (
            $"{i}",
            (nn.Module<Tensor, Tensor>)new BasicBlock(i == 0 ? inChannels : outChannels, outChannels, i == 0 ? stride : 1))));
}
