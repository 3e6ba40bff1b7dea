using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Indexing;

/// <summary>Sizes and choices that change how fast an index is and never what it answers. Tests set them to reach every path.</summary>
internal sealed record IndexTuning
{
    public static readonly IndexTuning Default = new();

    /// <summary>Items of a tail before it is sealed.</summary>
    public int TailCapacity { get; init; } = 1 << 16;

    /// <summary>A segment is merged with the smaller ones before it when it has less than so many times their items.</summary>
    public int MergeFactor { get; init; } = 4;

    /// <summary>Whether full tails are sealed and merged by a thread of their own.</summary>
    public bool MergesInBackground { get; init; } = true;

    /// <summary>
    /// Fewest codes of a segment that gets tables. From here on they win by far for small radii and for codes in clusters; whether they do
    /// for a query is decided at each of its steps.
    /// </summary>
    public int LeastTabledCodes { get; init; } = 1 << 15;

    /// <summary>Queries that a scan takes together from here on.</summary>
    public int LeastSliced { get; init; } = 4;

    public ScanKernel Kernel { get; init; } = ScanKernel.Best;

    /// <summary>What decides between tables and scans; the kernel's unless set.</summary>
    public SearchCosts Costs { get => field ?? SearchCosts.With(Kernel); init; }

    /// <summary>Tables for codes in numeric order; null where a scan is as fast.</summary>
    public PartTables? TablesFor(AlignedWords sorted, int bits, int count) => count < LeastTabledCodes ? null : new PartTables(sorted, bits, count);
}
