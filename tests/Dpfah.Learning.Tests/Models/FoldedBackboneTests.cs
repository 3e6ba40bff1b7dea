using Dpfah.Learning.Inference;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Models;

public sealed class FoldedBackboneTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(2, true, ScalarType.Float32)]
    [InlineData(3, false, ScalarType.Float32)]
    [InlineData(2, true, ScalarType.Float16)]
    [InlineData(2, true, ScalarType.BFloat16)]
    [InlineData(3, true, ScalarType.Float64)]
    public void Weights_are_those_that_libtorch_folds_bit_for_bit(int blocks, bool attention, ScalarType type)
    {
        string path = folder.File("backbone.safetensors");
        using (ResNet18 network = InferenceBackboneTests.Network(attention, blocks))
        {
            SafetensorsWriter.Write(path, BackboneFile.Tensors(network).ToDictionary(pair => pair.Key, pair => pair.Value.to_type(type)));
        }

        using ResNet18 read = BackboneFile.Load(path, attention);
        NetworkWeights expected = InferenceBackbone.Weights(read);

        NetworkWeights weights = FoldedBackbone.Read(path, attention);

        Assert.Equal(attention, weights.Attention);
        ConvolutionWeights[] all = All(weights), wanted = All(expected);
        Assert.Equal(blocks == 2 ? 20 : 22, all.Length);
        Assert.All(wanted.Zip(all), pair =>
        {
            (ConvolutionWeights first, ConvolutionWeights second) = pair;
            Assert.Equal((first.Outputs, first.Inputs, first.Side, first.Stride), (second.Outputs, second.Inputs, second.Side, second.Stride));
            Assert.Equal(Bits(first.Values), Bits(second.Values));
            Assert.Equal(Bits(first.Bias), Bits(second.Bias));
        });
    }

    [Fact]
    public void Another_network_is_refused_by_name()
    {
        string path = folder.File("head.safetensors");
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["hash_layer.bias"] = ones(64) });

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => FoldedBackbone.Read(path, attention: false));

        Assert.StartsWith("head.safetensors does not fit the network: 'bn1.bias' is missing; ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_numbers_are_refused()
    {
        string path = folder.File("backbone.safetensors");
        using ResNet18 network = InferenceBackboneTests.Network(attention: false, blocks: 2);
        var tensors = new Dictionary<string, Tensor>(BackboneFile.Tensors(network)) { ["bn1.bias"] = zeros(64, int32) };
        SafetensorsWriter.Write(path, tensors);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => FoldedBackbone.Read(path, attention: false));

        Assert.Equal("The tensor 'bn1.bias' is I32; expected floating-point.", error.Message);
    }

    private static ConvolutionWeights[] All(NetworkWeights weights) =>
    [
        weights.Stem,
        .. weights.Blocks.SelectMany(block => new[] { block.First, block.Second, block.Shortcut }).OfType<ConvolutionWeights>(),
    ];

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
}
