using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>What is under the hash layer: from normalised pictures (B, 3, H, W) to features φ.</summary>
/// <param name="name">Name of the architecture in files and reports, such as <c>resnet18</c>.</param>
public abstract class Backbone(string name) : nn.Module<Tensor, Tensor>(name)
{
    /// <summary>Length of a feature.</summary>
    public abstract int OutputLength { get; }

    /// <summary>Name of the architecture.</summary>
    public string ArchitectureName { get; } = name;
}
