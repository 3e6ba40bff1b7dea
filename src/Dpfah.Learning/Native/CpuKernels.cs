using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dpfah.Learning.Native;

/// <summary>Which of its CPU kernels libtorch uses. Their sums differ in the last bits, so it is part of an encoder's identity.</summary>
public static class CpuKernels
{
    // The settings with which an operator can hold libtorch and its oneDNN below what the processor has.
    private static readonly string[] Overrides = ["ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"];

    /// <summary>
    /// The widest vector instructions that libtorch and this processor share: <c>avx512</c>, <c>avx2</c>, <c>neon</c>, else the
    /// architecture's name; after a plus sign, what the environment forbids libtorch to go beyond.
    /// </summary>
    public static string Class { get; } = Detect(Environment.GetEnvironmentVariable);

    internal static string Detect(Func<string, string?> environment)
    {
        IEnumerable<string> limits = Overrides.Select(environment).OfType<string>().Where(value => value.Length > 0);
        return string.Join('+', limits.Prepend(Widest())).ToLowerInvariant();
    }

    private static string Widest() =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.VL.IsSupported ? "avx512"
        : Avx2.IsSupported && Fma.IsSupported ? "avx2"
        : AdvSimd.IsSupported ? "neon"
        : RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
}
