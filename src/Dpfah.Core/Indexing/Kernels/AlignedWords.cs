using System.Runtime.CompilerServices;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>Words that begin at a cache line and that the collector never moves.</summary>
/// <remarks>A vector of 64 bytes that straddles two lines is two loads: an array's own start, 16 bytes into a line, would halve the rate.</remarks>
internal sealed unsafe class AlignedWords
{
    private const int LineBytes = 64;

    private readonly ulong[] words;

    /// <param name="length">Number of words; they are zero.</param>
    public AlignedWords(long length)
    {
        Length = length;
        words = GC.AllocateArray<ulong>(checked((int)(length + (LineBytes / sizeof(ulong)))), pinned: true);
        nuint start = (nuint)Unsafe.AsPointer(ref words[0]);
        Pointer = (ulong*)((start + LineBytes - 1) & ~(nuint)(LineBytes - 1));
    }

    public long Length { get; }

    /// <summary>The first word; valid while this object is reachable.</summary>
    public ulong* Pointer { get; }

    public long MemoryBytes => words.LongLength * sizeof(ulong);

    public Span<ulong> Span(long start, int length)
    {
        // Both ends are checked once here; the kernels walk the pointer.
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, Length);
        return new Span<ulong>(Pointer + start, length);
    }
}
