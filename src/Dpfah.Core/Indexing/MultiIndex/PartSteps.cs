namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>Which part of a query is widened next, and what each step costs.</summary>
internal sealed unsafe class PartSteps
{
    // Far from the query the buckets are many and alike.
    private const int LastExactRadius = 3;

    private readonly PartTables tables;
    private readonly PartLayout layout;
    private readonly SearchCosts costs;
    private readonly uint[] values;
    private readonly int[] radii;
    private readonly double[] nextCosts;

    /// <param name="tables">Tables of a segment.</param>
    /// <param name="costs">Times.</param>
    /// <param name="code">Words of the query's code.</param>
    public PartSteps(PartTables tables, SearchCosts costs, ulong* code)
    {
        this.tables = tables;
        this.costs = costs;
        layout = tables.Layout;
        values = new uint[layout.Parts];
        radii = new int[layout.Parts];
        nextCosts = new double[layout.Parts];
        for (int part = 0; part < layout.Parts; part++)
        {
            values[part] = layout.Value(code, part);
            radii[part] = -1;
            nextCosts[part] = StepCost(part, 0);
        }
    }

    /// <summary>The query's value of each part.</summary>
    public ReadOnlySpan<uint> Values => values;

    /// <summary>Radius to which each part was searched; -1 for not at all.</summary>
    public ReadOnlySpan<int> Radii => radii;

    /// <summary>The part whose next step is the cheapest.</summary>
    /// <param name="cost">What it costs, in nanoseconds.</param>
    public int Cheapest(out double cost)
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
        return best;
    }

    /// <summary>Notes that a part was searched to one bit more.</summary>
    public void Advance(int part)
    {
        radii[part]++;
        nextCosts[part] = StepCost(part, radii[part] + 1);
    }

    /// <summary>Cost of so many further steps; buckets that were not looked up are taken to be of average size.</summary>
    public double Remaining(int steps)
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

    /// <summary>Cost of searching one part at exactly a radius; the sizes of the buckets are looked up.</summary>
    private double StepCost(int part, int radius)
    {
        if (radius > layout.Width(part))
        {
            return double.PositiveInfinity;
        }

        if (radius > LastExactRadius)
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

    private double AverageCost(int part, int radius) =>
        layout.Neighbors(part, radius) * (costs.Bucket + (costs.Candidate * tables.Count / (1L << layout.Width(part))));
}
