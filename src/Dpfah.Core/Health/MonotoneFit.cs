namespace Dpfah.Core.Health;

/// <summary>The share of pairs with a common label as a function of their distance that never rises: isotonic regression.</summary>
/// <remarks>
/// Pool adjacent violators (Barlow et al. 1972): of all falling functions the one nearest to the observed shares, each distance weighing
/// as many pairs as it has. Distances with few pairs are first joined with the next, so that no share is believed on the word of a handful.
/// </remarks>
internal static class MonotoneFit
{
    /// <summary>Fits.</summary>
    /// <param name="counts">Pairs by distance, at least one.</param>
    /// <param name="leastPairs">Fewest pairs of which a share is taken.</param>
    /// <returns>A share for each distance from 0 to the length of the code; where no pair was seen, that of the next nearer, or else farther, one.</returns>
    public static double[] Of(DistanceCounts counts, long leastPairs)
    {
        var blocks = new List<Block>();
        var open = new Block(0, 0, 0);
        for (int distance = 0; distance < counts.Pairs.Length; distance++)
        {
            open = new Block(open.Pairs + counts.Pairs[distance], open.Same + counts.Same[distance], distance);
            if (open.Pairs >= leastPairs)
            {
                blocks.Add(open);
                open = new Block(0, 0, 0);
            }
        }

        if (open.Pairs > 0)
        {
            // What is left at the far end is too little for a share of its own.
            Block before = blocks.Count == 0 ? new Block(0, 0, 0) : blocks[^1];
            blocks = [.. blocks.SkipLast(1), new Block(before.Pairs + open.Pairs, before.Same + open.Same, open.Last)];
        }

        var pooled = new List<Block>();
        foreach (Block next in blocks)
        {
            Block last = next;
            while (pooled.Count > 0 && pooled[^1].Share <= last.Share)
            {
                last = new Block(pooled[^1].Pairs + last.Pairs, pooled[^1].Same + last.Same, last.Last);
                pooled.RemoveAt(pooled.Count - 1);
            }

            pooled.Add(last);
        }

        var shares = new double[counts.Pairs.Length];
        int block = 0;
        for (int distance = 0; distance < shares.Length; distance++)
        {
            block += block < pooled.Count - 1 && distance > pooled[block].Last ? 1 : 0;
            shares[distance] = pooled[block].Share;
        }

        return shares;
    }

    /// <param name="Pairs">Pairs of some distances side by side.</param>
    /// <param name="Same">Those with a common label.</param>
    /// <param name="Last">The greatest of the distances.</param>
    private readonly record struct Block(long Pairs, long Same, int Last)
    {
        public double Share => (double)Same / Pairs;
    }
}
