using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>Registers of 128 bits: Arm's AdvSimd, and x86 without AVX2.</summary>
internal readonly struct VectorOps128 : IVectorOps<Vector128<ulong>>
{
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int Words => 2;

    public static Vector128<ulong> Zero => Vector128<ulong>.Zero;

    public static Vector128<ulong> NibbleCounts => Vector128.Create(0x0302020102010100UL, 0x0403030203020201UL);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Broadcast(ulong word) => Vector128.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<ulong> Load(ulong* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector128<ulong> vector, ulong* target) => vector.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Xor(Vector128<ulong> left, Vector128<ulong> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Or(Vector128<ulong> left, Vector128<ulong> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> And(Vector128<ulong> left, Vector128<ulong> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> AndNot(Vector128<ulong> keep, Vector128<ulong> drop) => Vector128.AndNot(keep, drop);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector128<ulong> vector) => vector == Vector128<ulong>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> PopCount(Vector128<ulong> vector, Vector128<ulong> nibbleCounts)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<byte> bytes = AdvSimd.PopCount(vector.AsByte());
            return AdvSimd.AddPairwiseWidening(AdvSimd.AddPairwiseWidening(AdvSimd.AddPairwiseWidening(bytes)));
        }

        if (Ssse3.IsSupported)
        {
            Vector128<byte> nibble = Vector128.Create((byte)0x0F);
            Vector128<byte> low = vector.AsByte() & nibble;
            Vector128<byte> high = (vector >>> 4).AsByte() & nibble;
            Vector128<byte> counts = Ssse3.Shuffle(nibbleCounts.AsByte(), low) + Ssse3.Shuffle(nibbleCounts.AsByte(), high);
            return Sse2.SumAbsoluteDifferences(counts, Vector128<byte>.Zero).AsUInt64();
        }

        return Vector128.Create((ulong)BitOperations.PopCount(vector[0]), (ulong)BitOperations.PopCount(vector[1]));
    }

    // The upper halves of counts are zero, and minima of 32 bits are single instructions on both architectures.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Min(Vector128<ulong> left, Vector128<ulong> right) => Vector128.Min(left.AsUInt32(), right.AsUInt32()).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> AddPairs(Vector128<ulong> vector) => vector + Vector128.Shuffle(vector, Vector128.Create(1UL, 0UL));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AtMost(Vector128<ulong> counts, Vector128<ulong> bound) =>
        Vector128.LessThanOrEqual(counts.AsInt64(), bound.AsInt64()).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyAtMost(Vector128<ulong> counts, Vector128<ulong> bound) => !Vector128.GreaterThanAll(counts.AsInt64(), bound.AsInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Sum(Vector128<ulong> a, Vector128<ulong> b, Vector128<ulong> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Carry(Vector128<ulong> a, Vector128<ulong> b, Vector128<ulong> c) => (a & b) | ((a | b) & c);
}
