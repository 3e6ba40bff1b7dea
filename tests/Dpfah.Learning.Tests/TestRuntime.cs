using System.Runtime.CompilerServices;
using Dpfah.Learning.Native;

namespace Dpfah.Learning.Tests;

/// <summary>Prepares libtorch before the first test, as every program does.</summary>
internal static class TestRuntime
{
    [ModuleInitializer]
    internal static void Initialize() => TorchRuntime.Initialize(threads: 1);
}
