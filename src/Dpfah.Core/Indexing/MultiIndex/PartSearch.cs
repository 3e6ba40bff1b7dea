using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.Ranking;

namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>One query's walk through a segment's tables: by growing radius, one part at a time, the cheapest first.</summary>
/// <remarks>
/// When part j has been searched to radius T(j), a code that was not seen differs in more than T(j) bits of every part: each step
/// that widens one part covers one more distance (the general pigeonhole principle; Qin et al., ICDE 2018). The walk ends when
/// the covered distance reaches the bound. Before each step the cost of what is left is held against that of a scan.
/// </remarks>
internal sealed unsafe class PartSearch
{
    /// <summary>The tables go on only when they promise to end at this share of a scan.</summary>
    private const double Promise = 0.85;

    // Buckets that the processor is told of ahead; enough to hide a trip to memory behind the work between.
    private const int PrefetchBuckets = 4;
    private const int LineWords = 8;

    // Longer buckets are worth the vectors.
    private const int ShortBucket = 48;

    private readonly PartTables tables;
    private readonly PartLayout layout;
    private readonly ScanKernel kernel;
    private readonly HitCounter hits;
    private readonly PartSteps steps;

    public PartSearch(PartTables tables, SearchCosts costs, ScanKernel kernel, HitCounter hits)
    {
        this.tables = tables;
        this.kernel = kernel;
        this.hits = hits;
        layout = tables.Layout;
        fixed (ulong* code = hits.Code)
        {
            steps = new PartSteps(tables, costs, code);
        }
    }

    /// <summary>Offers every code within the bound, or gives up when a scan is cheaper.</summary>
    /// <param name="scanCost">What a scan would cost, in nanoseconds.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>False when it gave up; then nothing of this segment is left in the counts.</returns>
    public bool Run(double scanCost, CancellationToken cancellationToken)
    {
        double spent = 0, exploration = tables.Exploration;
        for (int covered = -1; covered < hits.Bound; covered++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int part = steps.Cheapest(out double cost);
            if (spent + cost > exploration * scanCost && steps.CostMore(Predict(covered) - covered, (Promise * scanCost) - spent))
            {
                hits.Forget();
                tables.Learn(won: false);
                return false;
            }

            spent += steps.Advance(part, Widen(part));
        }

        tables.Learn(won: true);
        return true;
    }

    /// <summary>Where the bound will come to lie: each code seen at a distance stands for as many as the share that was seen.</summary>
    private int Predict(int covered)
    {
        double[] shares = layout.SeenShares(covered);
        double found = 0;
        for (int distance = 0; distance <= hits.Bound; distance++)
        {
            found += hits.FoundBefore(distance) + (distance <= covered ? 1 : 1 / Math.Max(shares[distance], 1e-9)) * hits.FoundInView(distance);
            if (found >= hits.Needed)
            {
                return distance;
            }
        }

        return hits.Bound;
    }

    /// <summary>Looks at all codes whose part differs from the query's in one bit more than before.</summary>
    /// <returns>How many there were.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Widen(int part)
    {
        long candidates = 0;
        int radius = steps.Radii[part] + 1;
        uint value = steps.Values[part];
        ulong* codes = tables.Codes(part).Pointer;
        int words = tables.WordsPerCode;
        uint[] masks = layout.Masks(part, radius);
        fixed (int* starts = tables.Starts(part))
        {
            for (int i = 0; i < masks.Length; i++)
            {
                if (Sse.IsSupported && i + PrefetchBuckets < masks.Length)
                {
                    uint ahead = value ^ masks[i + PrefetchBuckets];
                    ulong* line = codes + ((long)starts[ahead] * words), last = codes + ((long)starts[ahead + 1] * words);
                    for (; line < last; line += LineWords)
                    {
                        Sse.Prefetch0(line);
                    }
                }

                uint near = value ^ masks[i];
                candidates += starts[near + 1] - starts[near];
                if (starts[near + 1] - starts[near] > ShortBucket || words > 1)
                {
                    LookAtMany(part, codes, starts[near], starts[near + 1]);
                    continue;
                }

                ulong query = hits.Code[0];
                int bound = hits.Bound;
                for (int entry = starts[near]; entry < starts[near + 1]; entry++)
                {
                    int distance = BitOperations.PopCount(codes[entry] ^ query);
                    if (distance <= bound)
                    {
                        Consider(part, entry, distance);
                        bound = hits.Bound;
                    }
                }
            }
        }

        return candidates;
    }

    private void LookAtMany(int part, ulong* codes, int from, int to)
    {
        int words = tables.WordsPerCode;
        ReadOnlySpan<ulong> query = hits.Code;
        for (int group = kernel.FindNear(codes, words, from, to, query, hits.Bound, out uint near); group < to;
            group = kernel.FindNear(codes, words, group + ScanKernel.GroupCodes, to, query, hits.Bound, out near))
        {
            for (; near != 0; near &= near - 1)
            {
                int entry = group + BitOperations.TrailingZeroCount(near);
                ulong* code = codes + ((long)entry * words);
                int distance = 0;
                for (int word = 0; word < words; word++)
                {
                    distance += BitOperations.PopCount(code[word] ^ query[word]);
                }

                if (distance <= hits.Bound)
                {
                    Consider(part, entry, distance);
                }
            }
        }
    }

    /// <summary>Offers a code unless an earlier step saw it: then another part of it lies within that part's radius.</summary>
    private void Consider(int part, int entry, int distance)
    {
        ulong* code = tables.Codes(part).Pointer + ((long)entry * tables.WordsPerCode);
        ReadOnlySpan<int> radii = steps.Radii;
        ReadOnlySpan<uint> values = steps.Values;
        for (int other = 0; other < radii.Length; other++)
        {
            if (other != part && radii[other] >= 0 && BitOperations.PopCount(layout.Value(code, other) ^ values[other]) <= radii[other])
            {
                return;
            }
        }

        hits.Offer(tables.Positions(part) is { } positions ? positions[entry] : entry, distance);
    }
}
