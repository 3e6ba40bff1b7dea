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

    /// <summary>Fewest codes of a segment for which tables are tried.</summary>
    public int LeastTabledCodes { get; init; } = 1 << 13;

    /// <summary>Queries that a scan takes together from here on.</summary>
    public int LeastSliced { get; init; } = 4;

    public ScanKernel Kernel { get; init; } = ScanKernel.Best;

    public SearchCosts Costs { get; init; } = SearchCosts.Default;

    /// <summary>Whether only those tables are kept that are likely to beat a scan.</summary>
    public bool ForecastsTables { get; init; } = true;

    /// <summary>Tables for codes in numeric order; null where a scan is likely to be about as fast.</summary>
    public PartTables? TablesFor(AlignedWords sorted, int bits, int count)
    {
        if (count < LeastTabledCodes)
        {
            return null;
        }

        var tables = new PartTables(sorted, bits, count);
        return !ForecastsTables || TableForecast.Wins(tables, sorted, Costs) ? tables : null;
    }
}
