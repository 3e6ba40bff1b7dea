namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>Which part of a query is widened next, and what each step costs.</summary>
internal sealed unsafe class PartSteps
{
    // Beyond it there are thousands of buckets, and to look them all up is half of the search.
    private const int LastExactRadius = 3;

    private readonly PartTables tables;
    private readonly PartLayout layout;
    private readonly double bucketCost;
    private readonly double candidateCost;
    private readonly uint[] values;
    private readonly int[] radii;
    private readonly double[] nextCosts;
    private readonly bool[] isExact;

    // Codes of a bucket at the radius that was searched last.
    private readonly double[] densities;

    /// <param name="tables">Tables of a segment.</param>
    /// <param name="costs">Times.</param>
    /// <param name="code">Words of the query's code.</param>
    public PartSteps(PartTables tables, SearchCosts costs, ulong* code)
    {
        this.tables = tables;
        bucketCost = costs.BucketOf(tables);
        candidateCost = costs.Candidate;
        layout = tables.Layout;
        values = new uint[layout.Parts];
        radii = new int[layout.Parts];
        nextCosts = new double[layout.Parts];
        isExact = new bool[layout.Parts];
        densities = new double[layout.Parts];
        for (int part = 0; part < layout.Parts; part++)
        {
            values[part] = layout.Value(code, part);
            radii[part] = -1;
            densities[part] = Average(part);
            nextCosts[part] = ExpectedCost(part, 0);
        }
    }

    /// <summary>The query's value of each part.</summary>
    public ReadOnlySpan<uint> Values => values;

    /// <summary>Radius to which each part was searched; -1 for not at all.</summary>
    public ReadOnlySpan<int> Radii => radii;

    /// <summary>The part whose next step is the cheapest.</summary>
    /// <param name="cost">What it costs, in nanoseconds.</param>
    /// <remarks>Before a step is named, the sizes of its buckets are looked up; for all parts that would take long, for one it does not.</remarks>
    public int Cheapest(out double cost)
    {
        while (true)
        {
            int best = 0;
            for (int part = 1; part < nextCosts.Length; part++)
            {
                if (nextCosts[part] < nextCosts[best])
                {
                    best = part;
                }
            }

            cost = nextCosts[best];
            int radius = radii[best] + 1;
            if (isExact[best] || radius > Math.Min(LastExactRadius, layout.Width(best)))
            {
                return best;
            }

            isExact[best] = true;
            nextCosts[best] = Cost(best, radius, Candidates(best, radius));
        }
    }

    /// <summary>Notes that a part was searched to one bit more.</summary>
    /// <param name="part">The part.</param>
    /// <param name="candidates">Codes that were compared.</param>
    /// <returns>What the step cost.</returns>
    public double Advance(int part, long candidates)
    {
        int radius = ++radii[part];
        densities[part] = Math.Max(Average(part), candidates / layout.Neighbors(part, radius));
        nextCosts[part] = ExpectedCost(part, radius + 1);
        isExact[part] = false;
        return Cost(part, radius, candidates);
    }

    /// <summary>Whether so many further steps cost more than some time; buckets that were not looked up are taken to be as full as those before.</summary>
    public bool CostMore(int steps, double time)
    {
        Span<double> next = stackalloc double[nextCosts.Length];
        Span<int> reached = stackalloc int[radii.Length];
        nextCosts.CopyTo(next);
        radii.CopyTo(reached);
        double sum = 0;
        for (int step = 0; step < steps && sum <= time; step++)
        {
            int best = 0;
            for (int part = 1; part < next.Length; part++)
            {
                best = next[part] < next[best] ? part : best;
            }

            sum += next[best];
            reached[best]++;
            next[best] = ExpectedCost(best, reached[best] + 1);
        }

        return sum > time;
    }

    /// <summary>Codes of an average bucket.</summary>
    private double Average(int part) => (double)tables.Count / (1L << layout.Width(part));

    /// <summary>Codes of one part at exactly a radius, looked up.</summary>
    private long Candidates(int part, int radius)
    {
        long candidates = 0;
        int[] starts = tables.Starts(part);
        foreach (uint mask in layout.Masks(part, radius))
        {
            uint value = values[part] ^ mask;
            candidates += starts[value + 1] - starts[value];
        }

        return candidates;
    }

    /// <summary>Cost of searching one part at exactly a radius: its buckets are taken to be as full as those of the radius before.</summary>
    private double ExpectedCost(int part, int radius) => radius > layout.Width(part)
        ? double.PositiveInfinity
        : Cost(part, radius, layout.Neighbors(part, radius) * densities[part]);

    private double Cost(int part, int radius, double candidates) =>
        (layout.Neighbors(part, radius) * bucketCost) + (candidates * candidateCost);
}
