using Dpfah.Learning.Native;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Native;

public sealed class TorchDeviceTests
{
    [Theory]
    [InlineData("auto", 0, "cpu")]
    [InlineData("auto", 2, "cuda:0")]
    [InlineData("cpu", 0, "cpu")]
    [InlineData("cpu", 2, "cpu")]
    [InlineData("cuda", 1, "cuda:0")]
    [InlineData("cuda:0", 1, "cuda:0")]
    [InlineData("cuda:1", 2, "cuda:1")]
    public void A_setting_chooses_a_device(string setting, int cudaDevices, string device) =>
        Assert.Equal(device, TorchDevice.Choose(setting, cudaDevices).ToString());

    [Fact]
    public void Auto_says_why_it_fell_back_to_the_CPU()
    {
        Assert.Equal(
            "There is no CUDA here: it needs a build with -p:TorchBackend=cuda, an NVIDIA GPU and its driver. Computing on the CPU.",
            TorchDevice.Choose("auto", 0).FallbackReason);
        Assert.Null(TorchDevice.Choose("auto", 1).FallbackReason);
        Assert.Null(TorchDevice.Choose("cpu", 0).FallbackReason);
    }

    [Theory]
    [InlineData("cuda", 0, "needs a build with -p:TorchBackend=cuda")]
    [InlineData("cuda:3", 0, "needs a build with -p:TorchBackend=cuda")]
    [InlineData("cuda:2", 2, "2 CUDA device(s), cuda:0 to cuda:1")]
    public void Asking_for_CUDA_that_is_not_there_says_what_to_do(string setting, int cudaDevices, string part)
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => TorchDevice.Choose(setting, cudaDevices));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("CPU")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:1x")]
    public void Another_text_is_refused(string setting) =>
        Assert.Throws<ArgumentException>(() => TorchDevice.Choose(setting, 1));

    [Fact]
    public void Auto_finds_a_device_that_computes()
    {
        using var scope = NewDisposeScope();
        TorchDevice device = TorchDevice.Choose("auto");

        Assert.Equal(cuda.is_available() ? "cuda" : "cpu", device.Class);
        Assert.Equal(3, ones(3, device: device.Device).sum().item<float>());
    }
}
