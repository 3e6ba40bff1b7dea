using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Reproduction;

/// <summary>The layers of the network with what each gives and holds: the paper's Table 1, counted on the network itself.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Output">Shape of its output for one picture.</param>
/// <param name="Parameters">Numbers that it learns.</param>
public sealed record NetworkLayer(string Name, string Output, long Parameters)
{
    /// <summary>All layers of DPFAH, in order.</summary>
    /// <param name="side">Side of the input in pixels.</param>
    /// <param name="bits">Length of the codes.</param>
    /// <param name="classes">Number of classes.</param>
    public static IReadOnlyList<NetworkLayer> Of(int side, int bits, int classes)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using var network = new DpfahNetwork(new ResNet18(attention: true), bits, classes);
        network.eval();
        var shapes = new Dictionary<string, string>();
        _ = ((ResNet18)network.Backbone).FeatureMaps(
            zeros(1, 3, side, side), (stage, output) => shapes[stage] = string.Join(" x ", output.shape[1..]));
        return
        [
            new("conv 7 x 7, batch norm", $"64 x {side / 2} x {side / 2}", Count("backbone.conv1", "backbone.bn1")),
            new("max pool 3 x 3", shapes["maxpool"], 0),
            new("parameter-free attention, sum", shapes["pfa_sum"], 0),
            .. Enumerable.Range(1, 4).Select(i => new NetworkLayer($"layer{i}: two basic blocks", shapes[$"layer{i}"], Count($"backbone.layer{i}"))),
            new("global average pool", $"{ResNet18.FeatureLength}", 0),
            new("hash layer", $"{bits}", Count("hash_layer")),
            new("class layer", $"{classes}", Count("class_layer")),
        ];

        long Count(params string[] prefixes) => network.named_parameters()
            .Where(p => prefixes.Any(prefix => p.name.StartsWith($"{prefix}.", StringComparison.Ordinal)))
            .Sum(p => p.parameter.NumberOfElements);
    }
}
