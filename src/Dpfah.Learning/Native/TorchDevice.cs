using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Native;

/// <summary>The device on which a program computes, chosen at run time by a setting.</summary>
public sealed class TorchDevice
{
    private TorchDevice(Device device, string? fallbackReason)
    {
        Device = device;
        FallbackReason = fallbackReason;
    }

    /// <summary>The device, for tensors and modules.</summary>
    public Device Device { get; }

    /// <summary>Device class as it stands in an encoder's identity: <c>cpu</c> or <c>cuda</c>.</summary>
    public string Class => Device.type == DeviceType.CUDA ? "cuda" : "cpu";

    /// <summary>Why <c>auto</c> chose the CPU, for the log; null when the device is what was asked for.</summary>
    public string? FallbackReason { get; }

    /// <summary>Chooses the device that a setting asks for.</summary>
    /// <param name="setting"><c>auto</c> (CUDA if there is any, else the CPU), <c>cpu</c>, <c>cuda</c> (its first device) or <c>cuda:n</c>.</param>
    /// <exception cref="ArgumentException">Another text.</exception>
    /// <exception cref="InvalidOperationException">CUDA was asked for and is not there; the message says what to do.</exception>
    public static TorchDevice Choose(string setting) => Choose(setting, setting == "cpu" ? 0 : CudaDevices());

    /// <summary>The same, for a number of CUDA devices.</summary>
    internal static TorchDevice Choose(string setting, int cudaDevices)
    {
        switch (setting)
        {
            case "cpu":
                return new TorchDevice(CPU, null);
            case "auto" when cudaDevices == 0:
                return new TorchDevice(CPU, $"{NoCuda()} Computing on the CPU.");
            case "auto":
                return new TorchDevice(new Device(DeviceType.CUDA, 0), null);
        }

        int index = 0;
        if (setting != "cuda" && !(setting.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(setting.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new ArgumentException($"The device is '{setting}'; it must be auto, cpu, cuda or cuda:n.", nameof(setting));
        }

        if (cudaDevices == 0)
        {
            throw new InvalidOperationException($"The device '{setting}' was asked for. {NoCuda()} Or set the device to auto or cpu.");
        }

        if (index >= cudaDevices)
        {
            throw new InvalidOperationException(
                $"The device '{setting}' was asked for; this machine has {cudaDevices} CUDA device(s), cuda:0 to cuda:{cudaDevices - 1}.");
        }

        return new TorchDevice(new Device(DeviceType.CUDA, index), null);
    }

    /// <inheritdoc/>
    public override string ToString() => Device.ToString();

    private static int CudaDevices() => cuda.is_available() ? cuda.device_count() : 0;

    private static string NoCuda() =>
        "There is no CUDA here: it needs a build with -p:TorchBackend=cuda, an NVIDIA GPU and its driver.";
}
