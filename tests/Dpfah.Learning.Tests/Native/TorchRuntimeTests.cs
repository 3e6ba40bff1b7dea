using System.Runtime.InteropServices;
using Dpfah.Learning.Native;

namespace Dpfah.Learning.Tests.Native;

public sealed class TorchRuntimeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void At_least_one_thread_is_needed(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TorchRuntime.Initialize(threads));

    [Fact]
    public void NNPACK_is_out_of_the_choice_of_kernels()
    {
        if (OperatingSystem.IsLinux())
        {
            Assert.False(UserEnabledNnpack(GlobalContext()));
        }
    }

    [Fact]
    public void The_kernel_class_names_the_limits_that_the_environment_sets()
    {
        string free = CpuKernels.Detect(_ => null);

        Assert.Contains(free, new[] { "avx512", "avx2", "neon", "x64", "arm64" });
        Assert.Equal($"{free}+avx2+avx512_core", CpuKernels.Detect(name => name switch
        {
            "ATEN_CPU_CAPABILITY" => "avx2",
            "ONEDNN_MAX_CPU_ISA" => "AVX512_CORE",
            _ => "",
        }));
    }

    [DllImport("libtorch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static extern nint GlobalContext();

    [DllImport("libtorch_cpu", EntryPoint = "_ZNK2at7Context17userEnabledNNPACKEv")]
    [return: MarshalAs(UnmanagedType.U1)]
    private static extern bool UserEnabledNnpack(nint context);
}
