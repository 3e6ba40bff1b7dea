using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>Words that begin at a cache line and that the collector never moves.</summary>
/// <remarks>A vector of 64 bytes that straddles two lines is two loads: an array's own start, 16 bytes into a line, would halve the rate.</remarks>
internal sealed unsafe partial class AlignedWords
{
    private const int LineBytes = 64;

    // What Linux gives in one piece on request: tables are read all over, and a page of 4 KiB is a walk of the page table for each read.
    private const int HugePageBytes = 2 << 20;
    private const int AdviseHugePages = 14;

    private readonly ulong[] words;

    /// <param name="length">Number of words; they are zero.</param>
    public AlignedWords(long length)
    {
        Length = length;
        words = GC.AllocateUninitializedArray<ulong>(checked((int)(length + (LineBytes / sizeof(ulong)))), pinned: true);
        nuint start = (nuint)Unsafe.AsPointer(ref words[0]);
        Pointer = (ulong*)((start + LineBytes - 1) & ~(nuint)(LineBytes - 1));

        // Asked for before the pages are touched for the first time.
        WantHugePages(start, (nuint)MemoryBytes);
        Array.Clear(words);
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

    private static void WantHugePages(nuint start, nuint bytes)
    {
        nuint first = (start + HugePageBytes - 1) & ~(nuint)(HugePageBytes - 1), end = (start + bytes) & ~(nuint)(HugePageBytes - 1);
        if (OperatingSystem.IsLinux() && end > first)
        {
            // Only a wish: where the kernel does not grant it, all is as it was.
            _ = Advise((void*)first, end - first, AdviseHugePages);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
