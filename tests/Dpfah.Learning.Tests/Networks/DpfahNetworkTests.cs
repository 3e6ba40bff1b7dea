using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Networks;

public sealed class DpfahNetworkTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Tensors_have_torchvisions_names()
    {
        using var network = new DpfahNetwork(new ResNet18(attention: true), bits: 64, classes: 10);

        string[] names = [.. network.named_parameters().Select(p => p.name)];

        Assert.Equal(64, names.Length);
        Assert.Subset(
            names.ToHashSet(),
            new HashSet<string>
            {
                "backbone.conv1.weight", "backbone.bn1.bias", "backbone.layer1.0.conv1.weight", "backbone.layer2.0.downsample.0.weight",
                "backbone.layer2.0.downsample.1.weight", "backbone.layer4.1.bn2.bias", "hash_layer.weight", "hash_layer.bias",
                "class_layer.weight", "class_layer.bias",
            });
    }

    [Fact]
    public void Branches_start_small_and_without_bias()
    {
        using var network = new DpfahNetwork(new ResNet18(attention: true), bits: 64, classes: 100);

        foreach (TorchSharp.Modules.Linear branch in new[] { network.HashLayer, network.ClassLayer })
        {
            Assert.InRange(branch.weight!.std().item<float>(), 0.0097f, 0.0103f);
            Assert.InRange(branch.weight!.mean().item<float>(), -0.0005f, 0.0005f);
            Assert.Equal(0, branch.bias!.abs().max().item<float>());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_last_stage_has_two_blocks_or_three(int blocks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ResNet18(attention: false, blocks));

    [Fact]
    public void A_code_length_that_no_code_has_is_refused()
    {
        using var backbone = new ResNet18(attention: true);

        Assert.Throws<ArgumentOutOfRangeException>(() => new DpfahNetwork(backbone, bits: 12, classes: 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DpfahNetwork(backbone, bits: 16, classes: 0));
    }

    [Fact]
    public void A_network_made_in_a_dispose_scope_outlives_it()
    {
        ResNet18 network;
        using (NewDisposeScope())
        {
            network = new ResNet18(attention: true);
        }

        using (network)
        {
            network.eval();
            Assert.Equal(ResNet18.FeatureLength, network.call(ones(1, 3, 32, 32)).NumberOfElements);
        }
    }
}
