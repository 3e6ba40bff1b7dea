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

    /// <summary>Fewest codes of a segment that gets tables.</summary>
    public int LeastTabledCodes { get; init; } = 1 << 17;

    /// <summary>Queries that a scan takes together from here on.</summary>
    public int LeastSliced { get; init; } = 4;

    public ScanKernel Kernel { get; init; } = ScanKernel.Best;

    public SearchCosts Costs { get; init; } = SearchCosts.Default;

    /// <summary>Whether tables are likely to beat a scan of these codes.</summary>
    public bool WantsTables(AlignedWords codes, int bits, int count) => count >= LeastTabledCodes;
}
