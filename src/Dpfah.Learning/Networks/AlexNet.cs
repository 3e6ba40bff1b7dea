using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// AlexNet without its last layer, as torchvision has it (Krizhevsky, "One weird trick", 2014): the backbone of the ablation's
/// baseline (method, section 1). Modules carry torchvision's names, so that its checkpoints load.
/// </summary>
public sealed class AlexNet : Backbone
{
    /// <summary>Length of the feature: the second fully connected layer.</summary>
    public const int FeatureLength = 4096;

    /// <summary>Name of the architecture.</summary>
    public const string Architecture = "alexnet";

    private const int PooledSide = 6;

    private readonly Sequential features;
    private readonly AdaptiveAvgPool2d avgpool;
    private readonly Sequential classifier;

    /// <summary>Creates the network with random weights.</summary>
    public AlexNet()
        : base(Architecture)
    {
        features = nn.Sequential(
            ("0", nn.Conv2d(3, 64, 11, 4, 2)),
            ("1", nn.ReLU()),
            ("2", nn.MaxPool2d(3, 2)),
            ("3", nn.Conv2d(64, 192, 5, padding: 2)),
            ("4", nn.ReLU()),
            ("5", nn.MaxPool2d(3, 2)),
            ("6", nn.Conv2d(192, 384, 3, padding: 1)),
            ("7", nn.ReLU()),
            ("8", nn.Conv2d(384, 256, 3, padding: 1)),
            ("9", nn.ReLU()),
            ("10", nn.Conv2d(256, 256, 3, padding: 1)),
            ("11", nn.ReLU()),
            ("12", nn.MaxPool2d(3, 2)));
        avgpool = nn.AdaptiveAvgPool2d([PooledSide, PooledSide]);
        classifier = nn.Sequential(
            ("0", nn.Dropout()),
            ("1", nn.Linear(256 * PooledSide * PooledSide, FeatureLength)),
            ("2", nn.ReLU()),
            ("3", nn.Dropout()),
            ("4", nn.Linear(FeatureLength, FeatureLength)),
            ("5", nn.ReLU()));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int OutputLength => FeatureLength;

    /// <summary>The feature φ of each picture.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W); H and W at least 63.</param>
    /// <returns>Shape (B, 4096).</returns>
    public override Tensor forward(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor maps = avgpool.call(features.call(images));                          // (B, 256, 6, 6)
        return classifier.call(maps.flatten(1)).MoveToOuterDisposeScope();          // φ: (B, 4096)
    }
}
