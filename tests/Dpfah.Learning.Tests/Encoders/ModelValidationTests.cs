using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Encoders;

public sealed class ModelValidationTests(ModelFolder model) : IClassFixture<ModelFolder>, IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void A_head_that_was_written_reads_back_the_same()
    {
        ModelHead read = ModelHead.Read(model.Files.HeadPath);

        Assert.Equal(model.Description.ToJson(), read.Description.ToJson());
        Assert.Equal(model.Head.HashLayer.Weight, read.HashLayer.Weight);
        Assert.Equal(model.Head.HashLayer.Bias, read.HashLayer.Bias);
        Assert.Equal(model.Head.Signature.Projection, read.Signature.Projection);
        Assert.Equal(model.Head.Signature.Centre, read.Signature.Centre);
    }

    [Fact]
    public async Task A_head_may_carry_a_class_layer()
    {
        await using IImageEncoder encoder = Open(WithHead(tensors =>
        {
            tensors["class_layer.weight"] = zeros(10, 512);
            tensors["class_layer.bias"] = zeros(10);
        }));
        Assert.Equal(64, encoder.Bits);
    }

    [Fact]
    public void Half_a_class_layer_is_refused() =>
        AssertRefused("lacks the tensor 'class_layer.bias'", WithHead(tensors => tensors["class_layer.weight"] = zeros(10, 512)));

    [Fact]
    public void A_head_without_description_is_refused()
    {
        AssertRefused("has no description", WithHead(_ => { }, metadata: []));
    }

    [Fact]
    public void A_head_without_a_tensor_is_refused()
    {
        AssertRefused("lacks the tensor 'signature.centre'", WithHead(tensors => tensors.Remove("signature.centre")));
    }

    [Fact]
    public void A_head_of_other_shapes_is_refused()
    {
        AssertRefused(
            "'hash_layer.weight' of the model's head is F32 [64, 2048]; expected floating-point [64, 512]",
            WithHead(tensors => tensors["hash_layer.weight"] = zeros(64, 2048)));
    }

    [Fact]
    public void A_head_of_whole_numbers_is_refused()
    {
        AssertRefused(
            "'hash_layer.bias' of the model's head is I32 [64]",
            WithHead(tensors => tensors["hash_layer.bias"] = zeros(64, int32)));
    }

    [Theory]
    [InlineData("hash_layer.weight", "hash layer")]
    [InlineData("hash_layer.bias", "hash layer")]
    [InlineData("signature.projection", "signature")]
    [InlineData("signature.centre", "signature")]
    public void A_head_with_a_value_that_is_not_finite_is_refused(string name, string part)
    {
        AssertRefused(
            $"The {part} has a value that is not finite",
            WithHead(tensors => tensors[name] = full(tensors[name].shape, double.NaN, float32)));
    }

    [Fact]
    public void A_truncated_head_is_refused()
    {
        ModelFiles files = WithHead(_ => { });
        using (FileStream stream = File.OpenWrite(files.HeadPath))
        {
            stream.SetLength(stream.Length - 4);
        }

        AssertRefused("Tensor 'signature.projection'", files);
    }

    [Fact]
    public void Another_backbone_than_the_described_one_is_refused()
    {
        AssertRefused("the model's description names 0000", WithBackbone(backbone => backbone with { Digest = new string('0', 64) }));
    }

    [Fact]
    public void Another_depth_than_the_described_one_is_refused()
    {
        AssertRefused(
            "has 2 blocks in its last stage; the model's description says 3",
            WithBackbone(backbone => backbone with { LastStageBlocks = 3 }));
    }

    [Fact]
    public void An_unknown_architecture_is_refused()
    {
        AssertRefused("'resnet50'; this program runs resnet18", WithBackbone(backbone => backbone with { Architecture = "resnet50" }));
    }

    [Fact]
    public void A_backbone_with_a_value_that_is_not_finite_is_refused()
    {
        using ResNet18 network = BackboneFile.Load(model.Files.BackbonePath, attention: false);
        using (no_grad())
        {
            _ = network.Bn1.running_mean!.fill_(float.PositiveInfinity);
        }

        string path = model.NewPath();
        string digest = BackboneFile.Save(network, path);
        AssertRefused(
            "'bn1.running_mean' of the backbone file has a value that is not finite",
            WithBackbone(backbone => backbone with { Digest = digest }) with { BackbonePath = path });
    }

    private ModelFiles WithBackbone(Func<BackboneDescription, BackboneDescription> change) =>
        model.Described(model.Description with { Backbone = change(model.Description.Backbone) });

    private ModelFiles WithHead(Action<Dictionary<string, Tensor>> change, Dictionary<string, string>? metadata = null)
    {
        var tensors = new Dictionary<string, Tensor>(SafetensorsReader.Read(model.Files.HeadPath));
        change(tensors);
        ModelFiles files = model.Files with { HeadPath = model.NewPath() };
        metadata ??= new() { [ModelDescription.MetadataKey] = model.Description.ToJson() };
        SafetensorsWriter.Write(files.HeadPath, tensors, metadata);
        return files;
    }

    private static void AssertRefused(string sentence, ModelFiles files) =>
        Assert.Contains(sentence, Assert.Throws<InvalidDataException>(() => Open(files)).Message);

    private static IImageEncoder Open(ModelFiles files) =>
        new TorchImageEncoderFactory(
            ImageDecoders.Create(ImageDecoders.Skia), TorchDevice.Choose("cpu"), new EncoderOptions { Threads = 1 }).Open(files);
}
