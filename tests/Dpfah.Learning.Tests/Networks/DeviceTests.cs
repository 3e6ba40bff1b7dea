using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Networks;

/// <summary>
/// No GPU is needed to find a tensor that a network makes on another device than its own. The meta device has shapes and no
/// values, and cannot be mixed with another. It has no convolution, batch norm or ReLU outside of Python, so that what uses
/// these runs the other way round: network and pictures on the CPU, the meta device as the default for all that names none.
/// </summary>
[Collection(ProcessState.Name)]
public sealed class DeviceTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        set_default_device(CPU);
        scope.Dispose();
    }

    [Fact]
    public void A_tensor_that_names_no_device_shows()
    {
        Tensor x = ones(2);
        set_default_device(META);

        Assert.ThrowsAny<Exception>(() => (x + zeros(2)).data<float>().ToArray());
    }

    [Fact]
    public void The_attention_runs_on_the_meta_device()
    {
        using var attention = new ParameterFreeAttention();

        Tensor output = attention.call(zeros([2, 64, 8, 8], device: META));

        Assert.Equal(DeviceType.META, output.device_type);
        Assert.Equal([2, 64, 8, 8], output.shape);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    public void Every_tensor_of_a_network_moves_with_it(bool attention, int blocks)
    {
        using var network = new DpfahNetwork(new ResNet18(attention, blocks), bits: 48, classes: 10);

        network.to(META);

        Assert.All(network.state_dict(), tensor => Assert.Equal(DeviceType.META, tensor.Value.device_type));
    }

    [Theory]
    [InlineData(true, 2, true)]
    [InlineData(false, 3, false)]
    public void A_network_makes_no_tensor_on_another_device(bool attention, int blocks, bool training)
    {
        using var network = new DpfahNetwork(new ResNet18(attention, blocks), bits: 48, classes: 10);
        network.train(training);
        Tensor images = ones(2, 3, 64, 96);
        set_default_device(META);

        (Tensor feature, Tensor realCode, Tensor classScores) = network.call(images);
        (realCode.sum() + classScores.sum()).backward();

        AssertOnCpu([2, 512], feature);
        AssertOnCpu([2, 48], realCode);
        AssertOnCpu([2, 10], classScores);
        AssertOnCpu([64, 3, 7, 7], network.get_parameter("backbone.conv1.weight")!.grad!);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(3, 224)]
    [InlineData(2, 100)]
    public void The_folded_backbone_makes_no_tensor_on_another_device(int batch, int side)
    {
        using var network = new ResNet18(attention: true);
        Tensor images = ones(batch, 3, side, side);
        set_default_device(META);
        using var folded = new InferenceBackbone(network, CPU);

        AssertOnCpu([batch, 512], folded.Features(images));
    }

    private static void AssertOnCpu(long[] shape, Tensor actual)
    {
        Assert.Equal(DeviceType.CPU, actual.device_type);
        Assert.Equal(shape, actual.shape);
    }
}
