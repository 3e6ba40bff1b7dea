using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dpfah.Learning.Imaging;

/// <summary>Resamples one row of pixels: four of them a step, in integers, so that every width of vectors gives the same bytes.</summary>
internal static class RowFilter
{
    /// <summary>Pixels of the source that a step takes.</summary>
    public const int Group = 4;

    /// <summary>Bytes behind the target that are written over: each pixel is written as four bytes.</summary>
    public const int Overrun = 1;

    private static readonly Vector512<uint> EachFourTimes = Vector512.Create(0u, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);

    /// <summary>Bits of the widest vectors that the processor has: 512, 256 or 128.</summary>
    public static int WidestVector => Avx512F.IsSupported ? 512 : Avx2.IsSupported ? 256 : 128;

    /// <summary>Resamples a row.</summary>
    /// <param name="source">4 bytes a pixel, at least as many pixels as the weights reach.</param>
    /// <param name="columns">The weights, in groups of <see cref="Group"/>.</param>
    /// <param name="target">3 bytes a pixel, and <see cref="Overrun"/>.</param>
    /// <param name="vectorBits">At most <see cref="WidestVector"/>.</param>
    public static void Run(ReadOnlySpan<byte> source, TriangleWeights columns, Span<byte> target, int vectorBits)
    {
        Debug.Assert(source.Length >= 4 * columns.SourceEnd && target.Length >= (3 * columns.Count) + Overrun);
        ref byte pixels = ref MemoryMarshal.GetReference(source);
        ref byte result = ref MemoryMarshal.GetReference(target);
        for (int x = 0; x < columns.Count; x++, result = ref Unsafe.Add(ref result, 3))
        {
            ReadOnlySpan<uint> weights = columns.Of(x, out int first);
            ref byte pixel = ref Unsafe.Add(ref pixels, 4 * first);
            Vector128<uint> sum = (vectorBits switch
            {
                512 => Sum512(ref pixel, weights),
                256 => Sum256(ref pixel, weights),
                _ => Sum128(ref pixel, weights),
            } + Vector128.Create(TriangleWeights.Half)) >> TriangleWeights.PrecisionBits;
            Vector128<ushort> narrow = Vector128.NarrowWithSaturation(sum, sum);
            Unsafe.WriteUnaligned(ref result, Vector128.NarrowWithSaturation(narrow, narrow).AsUInt32().ToScalar());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Sum512(ref byte pixel, ReadOnlySpan<uint> weights)
    {
        ref uint weight = ref MemoryMarshal.GetReference(weights);
        Vector512<uint> sum = Vector512<uint>.Zero;
        for (nuint i = 0; i < (nuint)weights.Length; i += Group)
        {
            Vector512<uint> four = Vector128.LoadUnsafe(ref weight, i).ToVector256Unsafe().ToVector512Unsafe();
            sum += Avx512F.ConvertToVector512UInt32(Vector128.LoadUnsafe(ref pixel, 4 * i)) * Avx512F.PermuteVar16x32(four, EachFourTimes);
        }

        Vector256<uint> half = sum.GetLower() + sum.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Sum256(ref byte pixel, ReadOnlySpan<uint> weights)
    {
        ref uint weight = ref MemoryMarshal.GetReference(weights);
        Vector256<uint> sum = Vector256<uint>.Zero;
        for (nuint i = 0; i < (nuint)weights.Length; i += Group)
        {
            Vector256<uint> four = Vector128.LoadUnsafe(ref weight, i).ToVector256Unsafe();
            Vector128<byte> bytes = Vector128.LoadUnsafe(ref pixel, 4 * i);
            sum += Avx2.ConvertToVector256Int32(bytes).AsUInt32() * Avx2.PermuteVar8x32(four, EachFourTimes.GetLower());
            sum += Avx2.ConvertToVector256Int32(Vector128.Shuffle(bytes.AsUInt64(), Vector128.Create(1ul, 1ul)).AsByte()).AsUInt32()
                * Avx2.PermuteVar8x32(four, EachFourTimes.GetUpper());
        }

        return sum.GetLower() + sum.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Sum128(ref byte pixel, ReadOnlySpan<uint> weights)
    {
        ref uint weight = ref MemoryMarshal.GetReference(weights);
        Vector128<uint> sum = Vector128<uint>.Zero;
        for (nuint i = 0; i < (nuint)weights.Length; i += Group)
        {
            (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(Vector128.LoadUnsafe(ref pixel, 4 * i));
            sum += Vector128.WidenLower(lower) * Unsafe.Add(ref weight, i);
            sum += Vector128.WidenUpper(lower) * Unsafe.Add(ref weight, i + 1);
            sum += Vector128.WidenLower(upper) * Unsafe.Add(ref weight, i + 2);
            sum += Vector128.WidenUpper(upper) * Unsafe.Add(ref weight, i + 3);
        }

        return sum;
    }
}
