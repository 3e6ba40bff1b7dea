using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>AVX-512: F and BW.</summary>
internal readonly struct VectorOps512 : IVectorOps<Vector512<ulong>>
{
    // Truth tables of vpternlog over (a, b, c).
    private const byte Odd = 0x96;
    private const byte Majority = 0xE8;

    public static bool IsSupported => Avx512BW.IsSupported;

    public static int Words => 8;

    public static Vector512<ulong> Zero => Vector512<ulong>.Zero;

    public static Vector512<ulong> NibbleCounts => Vector512.Create(
        0x0302020102010100UL, 0x0403030203020201UL, 0x0302020102010100UL, 0x0403030203020201UL, 0x0302020102010100UL, 0x0403030203020201UL, 0x0302020102010100UL, 0x0403030203020201UL);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Broadcast(ulong word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<ulong> Load(ulong* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector512<ulong> vector, ulong* target) => vector.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Xor(Vector512<ulong> left, Vector512<ulong> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Or(Vector512<ulong> left, Vector512<ulong> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> And(Vector512<ulong> left, Vector512<ulong> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> AndNot(Vector512<ulong> keep, Vector512<ulong> drop) => Vector512.AndNot(keep, drop);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector512<ulong> vector) => vector == Vector512<ulong>.Zero;

    /// <remarks>There is no intrinsic for vpopcntq in .NET 10: counts of nibbles from a table, summed over the bytes of a word.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> PopCount(Vector512<ulong> vector, Vector512<ulong> nibbleCounts)
    {
        Vector512<byte> nibble = Vector512.Create((byte)0x0F);
        Vector512<byte> low = vector.AsByte() & nibble;
        Vector512<byte> high = (vector >>> 4).AsByte() & nibble;
        Vector512<byte> counts = Avx512BW.Shuffle(nibbleCounts.AsByte(), low) + Avx512BW.Shuffle(nibbleCounts.AsByte(), high);
        return Avx512BW.SumAbsoluteDifferences(counts, Vector512<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Min(Vector512<ulong> left, Vector512<ulong> right) => Vector512.Min(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> AddPairs(Vector512<ulong> vector) => vector + Avx512F.Shuffle(vector.AsUInt32(), 0b01_00_11_10).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AtMost(Vector512<ulong> counts, Vector512<ulong> bound) =>
        (uint)Vector512.LessThanOrEqual(counts, bound).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyAtMost(Vector512<ulong> counts, Vector512<ulong> bound) => Vector512.LessThanOrEqualAny(counts, bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Sum(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) => Avx512F.TernaryLogic(a, b, c, Odd);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Carry(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) => Avx512F.TernaryLogic(a, b, c, Majority);
}
