using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dpfah.Learning.Inference;

/// <summary>Which vectors the kernels use.</summary>
internal static class Lanes
{
    /// <summary>Whether to use vectors of 512 bits, not 256. Changes no bit; set by tests only, which compare the two.</summary>
    public static bool Wide { get; set; } = Vector512.IsHardwareAccelerated;

    /// <summary>
    /// <c>fma</c> where the processor multiplies and adds with one rounding, which is all that results depend on; else the
    /// architecture's name.
    /// </summary>
    public static string Class { get; } = Fma.IsSupported || AdvSimd.IsSupported
        ? "fma"
        : RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
}
