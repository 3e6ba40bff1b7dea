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
    /// <summary>Share of a scan's cost that is always risked: without a few steps nothing is known of the query.</summary>
    private const double Exploration = 0.05;

    /// <summary>The tables go on only when they promise to end at this share of a scan.</summary>
    private const double Promise = 0.85;

    // Buckets that the processor is told of ahead; enough to hide a trip to memory behind the work between.
    private const int PrefetchBuckets = 4;
    private const int LineWords = 8;

    // Longer buckets are worth the vectors.
    private const int ShortBucket = 48;

    private readonly PartTables tables;
    private readonly PartLayout layout;
    private readonly SearchCosts costs;
    private readonly ScanKernel kernel;
    private readonly HitCounter hits;
    private readonly uint[] values;
    private readonly int[] radii;
    private readonly double[] nextCosts;

    public PartSearch(PartTables tables, SearchCosts costs, ScanKernel kernel, HitCounter hits)
    {
        this.tables = tables;
        this.costs = costs;
        this.kernel = kernel;
        this.hits = hits;
        layout = tables.Layout;
        values = new uint[layout.Parts];
        radii = new int[layout.Parts];
        nextCosts = new double[layout.Parts];
        fixed (ulong* code = hits.Code)
        {
            for (int part = 0; part < layout.Parts; part++)
            {
                values[part] = layout.Value(code, part);
                radii[part] = -1;
                nextCosts[part] = StepCost(part, 0);
            }
        }
    }

    /// <summary>Offers every code within the bound, or gives up when a scan is cheaper.</summary>
    /// <param name="scanCost">What a scan would cost, in nanoseconds.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>False when it gave up; then nothing of this segment is left in the counts.</returns>
    public bool Run(double scanCost, CancellationToken cancellationToken)
    {
        double spent = 0;
        for (int covered = -1; covered < hits.Bound; covered++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int part = Cheapest(nextCosts);
            double cost = nextCosts[part];
            if (spent + cost > Exploration * scanCost && spent + Remaining(Predict(covered) - covered) > Promise * scanCost)
            {
                hits.Forget();
                return false;
            }

            Widen(part);
            spent += cost;
            nextCosts[part] = StepCost(part, radii[part] + 1);
        }

        return true;
    }

    private static int Cheapest(double[] stepCosts)
    {
        int best = 0;
        for (int part = 1; part < stepCosts.Length; part++)
        {
            if (stepCosts[part] < stepCosts[best])
            {
                best = part;
            }
        }

        return best;
    }

    /// <summary>Cost of searching one part at exactly a radius; the sizes of the buckets are looked up.</summary>
    private double StepCost(int part, int radius)
    {
        if (radius > layout.Width(part))
        {
            return double.PositiveInfinity;
        }

        // Far from the query the buckets are many and alike.
        const int exactRadius = 3;
        if (radius > exactRadius)
        {
            return AverageCost(part, radius);
        }

        long candidates = 0;
        uint[] masks = PartLayout.Masks(layout.Width(part), radius);
        int[] starts = tables.Starts(part);
        foreach (uint mask in masks)
        {
            uint value = values[part] ^ mask;
            candidates += starts[value + 1] - starts[value];
        }

        return (masks.Length * costs.Bucket) + (candidates * costs.Candidate);
    }

    private double AverageCost(int part, int radius)
    {
        double buckets = layout.Neighbors(part, radius);
        return buckets * (costs.Bucket + (costs.Candidate * tables.Count / (1L << layout.Width(part))));
    }

    /// <summary>Cost of so many further steps.</summary>
    private double Remaining(int steps)
    {
        Span<double> next = stackalloc double[nextCosts.Length];
        Span<int> reached = stackalloc int[radii.Length];
        nextCosts.CopyTo(next);
        radii.CopyTo(reached);
        double sum = 0;
        for (int step = 0; step < steps; step++)
        {
            int best = 0;
            for (int part = 1; part < next.Length; part++)
            {
                best = next[part] < next[best] ? part : best;
            }

            sum += next[best];
            reached[best]++;
            next[best] = reached[best] + 1 > layout.Width(best) ? double.PositiveInfinity : AverageCost(best, reached[best] + 1);
        }

        return sum;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Widen(int part)
    {
        int radius = radii[part] + 1;
        uint value = values[part];
        ulong* codes = tables.Codes(part).Pointer;
        int words = tables.WordsPerCode;
        uint[] masks = PartLayout.Masks(layout.Width(part), radius);
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

        radii[part] = radius;
    }

    private void LookAtMany(int part, ulong* codes, int from, int to)
    {
        int words = tables.WordsPerCode;
        ReadOnlySpan<ulong> query = hits.Code;
        for (int group = kernel.FindNear(codes, words, from, to, query, hits.Bound); group < to;
            group = kernel.FindNear(codes, words, group + ScanKernel.GroupCodes, to, query, hits.Bound))
        {
            int end = Math.Min(to, group + ScanKernel.GroupCodes);
            for (int entry = group; entry < end; entry++)
            {
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
