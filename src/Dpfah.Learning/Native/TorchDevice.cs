using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Native;

/// <summary>The device on which a program computes, chosen at run time by a setting.</summary>
public sealed class TorchDevice
{
    // The CUDA device's number; null for the CPU. A torch Device would load libtorch, which the CPU may do without.
    private readonly int? cuda;

    private TorchDevice(int? cuda, string? fallbackReason)
    {
        this.cuda = cuda;
        FallbackReason = fallbackReason;
    }

    /// <summary>The device, for tensors and modules.</summary>
    public Device Device => cuda is { } index ? new Device(DeviceType.CUDA, index) : CPU;

    /// <summary>Whether it is the CPU.</summary>
    public bool IsCpu => cuda is null;

    /// <summary>Device class as it stands in an encoder's identity: <c>cpu</c> or <c>cuda</c>.</summary>
    public string Class => IsCpu ? "cpu" : "cuda";

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
                return new TorchDevice(null, null);
            case "auto" when cudaDevices == 0:
                return new TorchDevice(null, $"{NoCuda()} Computing on the CPU.");
            case "auto":
                return new TorchDevice(0, null);
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

        return new TorchDevice(index, null);
    }

    /// <inheritdoc/>
    public override string ToString() => cuda is { } index ? $"cuda:{index}" : "cpu";

    private static int CudaDevices() => HasDriver() && torch.cuda.is_available() ? torch.cuda.device_count() : 0;

    /// <summary>Whether NVIDIA's driver is there: without it libtorch need not be loaded to be asked.</summary>
    private static bool HasDriver() => NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out _);

    private static string NoCuda() =>
        "There is no CUDA here: it needs a build with -p:TorchBackend=cuda, an NVIDIA GPU and its driver.";
}
