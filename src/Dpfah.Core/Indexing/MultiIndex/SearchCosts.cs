using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>
/// Times that decide between the tables and a scan, in nanoseconds of the machine that they were measured on: what counts is how they
/// compare with each other. They never change an answer.
/// </summary>
/// <param name="ScannedCode">Comparing one code of 64 bits in a scan by a lone query.</param>
/// <param name="SlicedCode">The same, a query's share of a scan by a large batch.</param>
/// <param name="Bucket">Going to the codes of one value of a part, in tables that fit into the last cache.</param>
/// <param name="FarBucket">The same where they do not.</param>
/// <param name="Candidate">Comparing one code found there.</param>
/// <param name="Walked">Going to one item that passes a filter, and comparing its code.</param>
/// <param name="Offered">Noting a code of a scan as one of the nearest so far.</param>
internal sealed record SearchCosts(double ScannedCode, double SlicedCode, double Bucket, double FarBucket, double Candidate, double Walked, double Offered)
{
    /// <summary>Measured on a server of 2024 with AVX-512.</summary>
    private static readonly SearchCosts Vectors512 = new(0.1, 0.045, 25, 60, 0.5, 4, 10);

    // The work that all queries of a batch share is as much as that for so many of them.
    private const double SharedWork = 3;

    // Of codes in two words the vectors hold half as many and add pairs; longer ones have no vectors.
    private const double TwoWords = 3, EachWord = 10;

    // Its codes are compared by the kernel, which few codes hardly repay.
    private const double LongBucket = 2;

    // What lies partly in a last cache of 32 MiB is nearer to it than to memory.
    private const long NearBytes = 64L << 20;

    /// <summary>The costs with a kernel. Tables hardly gain by wide vectors; a scan lives by them.</summary>
    /// <remarks>The others were measured on a server of 2021 with AVX2 alone, and scaled by the time that the tables took on both.</remarks>
    public static SearchCosts With(ScanKernel kernel) => kernel.VectorWords switch
    {
        8 => Vectors512,
        4 => Vectors512 with { ScannedCode = 0.22, SlicedCode = 0.15 },
        2 => Vectors512 with { ScannedCode = 0.36, SlicedCode = 0.3 },
        _ => Vectors512 with { ScannedCode = 1.8, SlicedCode = 50 },
    };

    /// <summary>Comparing one code in a scan by a lone query.</summary>
    /// <param name="bits">Length of the codes.</param>
    public double Scanned(int bits) => ScannedCode * (bits <= 64 ? 1 : bits <= 128 ? TwoWords : EachWord * ((bits + 63) / 64));

    /// <summary>A query's share of the same by a batch: the work grows with the planes.</summary>
    /// <param name="bits">Length of the codes.</param>
    /// <param name="queries">Queries of the batch.</param>
    public double Sliced(int bits, int queries) => SlicedCode * (1 + (SharedWork / queries)) * bits / 64;

    /// <summary>Noting the nearest so far in a scan: of codes in no order the i-th is one of the k nearest with probability k / i.</summary>
    /// <param name="codes">Codes of the segment.</param>
    /// <param name="needed">Items that the query wants.</param>
    public double Noting(int codes, long needed) => Offered * (needed >= codes ? codes : needed * (1 + Math.Log((double)codes / needed)));

    /// <summary>Going to the codes of one value of a part.</summary>
    public double BucketOf(PartTables tables) => (tables.MemoryBytes <= NearBytes ? Bucket : FarBucket) * (tables.WordsPerCode > 1 ? LongBucket : 1);
}
