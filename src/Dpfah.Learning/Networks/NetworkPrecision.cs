using System.Runtime.Intrinsics.X86;

namespace Dpfah.Learning.Networks;

/// <summary>In which numbers a network computes features. Part of a generation's identity: another precision flips some bits of codes.</summary>
public enum NetworkPrecision
{
    /// <summary>float32, <c>fp32</c>: on the CPU a picture gets the same code bit for bit, alone or in any batch.</summary>
    Single,

    /// <summary>
    /// bfloat16, <c>bf16</c>: weights and maps of 8 significant bits, sums in float32. Faster on GPUs, and on processors with instructions
    /// for it (<see cref="NetworkPrecisions.HasInstructions"/>).
    /// </summary>
    BFloat16,
}

/// <summary>Names of precisions, and what this processor has for them.</summary>
public static class NetworkPrecisions
{
    /// <summary>The names by which settings choose one.</summary>
    public static IReadOnlyList<string> Names { get; } = ["fp32", "bf16"];

    /// <summary>Whether this processor multiplies bfloat16 by instructions of its own (AVX512_BF16 or AMX_BF16).</summary>
    public static bool HasInstructions { get; } = Instructions().Length > 0;

    /// <summary>What sets the sums of bfloat16 apart on this processor: <c>amx</c>, <c>vdpbf16ps</c>, or nothing where they are emulated.</summary>
    internal static string Instructions()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return "";
        }

        const int amxBf16 = 1 << 22, avx512Bf16 = 1 << 5;
        (int _, int _, int _, int features) = X86Base.CpuId(7, 0);
        (int more, int _, int _, int _) = X86Base.CpuId(7, 1);
        return (features & amxBf16) != 0 && HasTiles() ? "amx" : (more & avx512Bf16) != 0 ? "vdpbf16ps" : "";
    }

    /// <summary>Whether the system has enabled the registers of AMX (bit 18 of XCR0), without which nothing uses its instructions.</summary>
    private static bool HasTiles()
    {
        // XCR0 itself cannot be read from here; but what the system saves of all that it has enabled reaches to their end only with them.
        const int savedState = 0xD, tileData = 18;
        (int _, int enabledBytes, int _, int _) = X86Base.CpuId(savedState, 0);
        (int bytes, int offset, int _, int _) = X86Base.CpuId(savedState, tileData);
        return bytes > 0 && enabledBytes >= offset + bytes;
    }

    /// <summary>The name of a precision.</summary>
    public static string Name(this NetworkPrecision precision) => Names[(int)precision];

    /// <summary>The precision of a name.</summary>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static NetworkPrecision Parse(string name) => Names.Index().Where(known => known.Item == name).Select(known => (NetworkPrecision?)known.Index).SingleOrDefault()
        ?? throw new ArgumentException($"The precision is {string.Join(" or ", Names)}; it was '{name}'.", nameof(name));
}
