using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>AVX2.</summary>
internal readonly struct VectorOps256 : IVectorOps<Vector256<ulong>>
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int Words => 4;

    public static Vector256<ulong> Zero => Vector256<ulong>.Zero;

    public static Vector256<ulong> NibbleCounts => Vector256.Create(0x0302020102010100UL, 0x0403030203020201UL, 0x0302020102010100UL, 0x0403030203020201UL);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Broadcast(ulong word) => Vector256.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<ulong> Load(ulong* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector256<ulong> vector, ulong* target) => vector.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Xor(Vector256<ulong> left, Vector256<ulong> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Or(Vector256<ulong> left, Vector256<ulong> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> And(Vector256<ulong> left, Vector256<ulong> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> AndNot(Vector256<ulong> keep, Vector256<ulong> drop) => Vector256.AndNot(keep, drop);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector256<ulong> vector) => vector == Vector256<ulong>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> PopCount(Vector256<ulong> vector, Vector256<ulong> nibbleCounts)
    {
        Vector256<byte> nibble = Vector256.Create((byte)0x0F);
        Vector256<byte> low = vector.AsByte() & nibble;
        Vector256<byte> high = (vector >>> 4).AsByte() & nibble;
        Vector256<byte> counts = Avx2.Shuffle(nibbleCounts.AsByte(), low) + Avx2.Shuffle(nibbleCounts.AsByte(), high);
        return Avx2.SumAbsoluteDifferences(counts, Vector256<byte>.Zero).AsUInt64();
    }

    // AVX2 compares and picks 32 bits: the upper halves of counts are zero, so that is enough.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Min(Vector256<ulong> left, Vector256<ulong> right) => Vector256.Min(left.AsUInt32(), right.AsUInt32()).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> AddPairs(Vector256<ulong> vector) => vector + Avx2.Shuffle(vector.AsUInt32(), 0b01_00_11_10).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AtMost(Vector256<ulong> counts, Vector256<ulong> bound) =>
        Vector256.LessThanOrEqual(counts.AsInt64(), bound.AsInt64()).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyAtMost(Vector256<ulong> counts, Vector256<ulong> bound) => !Vector256.GreaterThanAll(counts.AsInt64(), bound.AsInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Sum(Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Carry(Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c) => (a & b) | ((a | b) & c);
}
