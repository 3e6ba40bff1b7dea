using Dpfah.Core.Models;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Models;

public sealed class BackboneFileTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(3, 110)]
    public void A_backbone_comes_back_with_its_blocks_and_features(int blocks, int tensors)
    {
        string path = folder.File("backbone.safetensors");
        using var backbone = new ResNet18(attention: true, blocks);
        backbone.eval();

        string digest = BackboneFile.Save(backbone, path);

        using ResNet18 read = BackboneFile.Load(path, attention: true);
        Assert.Equal(blocks, read.LastStageBlocks);
        Assert.False(read.training);
        Assert.Equal(digest, BackboneFile.Digest(path));
        Assert.Equal(tensors, SafetensorsFile.Open(path).Tensors.Count);
        Tensor images = ones(1, 3, 32, 32);
        Assert.True(backbone.call(images).Equals(read.call(images)));
    }

    [Fact]
    public void Another_network_is_refused_by_name()
    {
        string path = folder.File("head.safetensors");
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["hash_layer.bias"] = ones(64) });

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => BackboneFile.Load(path, attention: false));

        Assert.StartsWith("head.safetensors does not fit the network: 'bn1.bias' is missing; ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(" more.", error.Message, StringComparison.Ordinal);
    }
}
