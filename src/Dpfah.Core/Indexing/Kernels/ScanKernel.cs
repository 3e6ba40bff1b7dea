using System.Runtime.Intrinsics;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>The loops that look at every code, for one width of vector registers.</summary>
internal abstract unsafe class ScanKernel
{
    /// <summary>Codes that <see cref="FindNear"/> looks at together.</summary>
    public const int GroupCodes = 32;

    /// <summary>All kernels that this processor can run, the fastest last.</summary>
    public static IReadOnlyList<ScanKernel> Supported { get; } =
    [
        new PlainKernel(),
        .. VectorOps128.IsSupported ? [new VectorKernel<VectorOps128, Vector128<ulong>>("128-bit vectors")] : (ScanKernel[])[],
        .. VectorOps256.IsSupported ? [new VectorKernel<VectorOps256, Vector256<ulong>>("256-bit vectors")] : (ScanKernel[])[],
        .. VectorOps512.IsSupported ? [new VectorKernel<VectorOps512, Vector512<ulong>>("512-bit vectors")] : (ScanKernel[])[],
    ];

    /// <summary>The fastest kernel here.</summary>
    public static ScanKernel Best => Supported[^1];

    /// <summary>What a person calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Words of a vector.</summary>
    public abstract int VectorWords { get; }

    /// <summary>Finds the next group of codes in which one may lie within a bound.</summary>
    /// <param name="codes">Code 0.</param>
    /// <param name="wordsPerCode">Words of a code.</param>
    /// <param name="from">The code to start at.</param>
    /// <param name="to">One behind the last code.</param>
    /// <param name="query">Code to compare with.</param>
    /// <param name="bound">Greatest distance of interest, 0 or more.</param>
    /// <param name="near">Which codes of the group to look at, the first as the lowest bit: at least all within the bound.</param>
    /// <returns>
    /// The first code of a group of <see cref="GroupCodes"/> (fewer at the end) to look at; <paramref name="to"/> or more
    /// when there is none. No code before it lies within the bound.
    /// </returns>
    public abstract int FindNear(ulong* codes, int wordsPerCode, int from, int to, ReadOnlySpan<ulong> query, int bound, out uint near);

    /// <summary>All codes of a group that may be the last.</summary>
    protected static uint AllOf(int from, int to) => to - from >= GroupCodes ? uint.MaxValue : (1U << Math.Max(0, to - from)) - 1;

    /// <summary>Compares all queries of a batch with one block of a segment's bit planes.</summary>
    /// <param name="planes">The block.</param>
    /// <param name="mask">8 words: codes of the block that count; null for all.</param>
    /// <param name="batch">The queries; takes up the matches.</param>
    public abstract void Match(ulong* planes, ulong* mask, SlicedBatch batch);
}
