using System.Runtime.CompilerServices;
using Dpfah.Learning.Native;
using TorchSharp;

namespace Dpfah.Learning.Tests;

/// <summary>Prepares libtorch before the first test, as every program does.</summary>
internal static class TestRuntime
{
    // cpu, cuda or cuda:n: where tensors are made that name no device. deploy/gpu-check.sh runs the golden tests on a GPU by it.
    private const string DeviceVariable = "DPFAH_TEST_DEVICE";

    [ModuleInitializer]
    internal static void Initialize()
    {
        TorchRuntime.Initialize(threads: 1);
        if (Environment.GetEnvironmentVariable(DeviceVariable) is { Length: > 0 } device)
        {
            torch.set_default_device(TorchDevice.Choose(device).Device);
        }
    }
}
