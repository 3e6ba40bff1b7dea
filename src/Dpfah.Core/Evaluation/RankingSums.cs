namespace Dpfah.Core.Evaluation;

/// <summary>Adds up the metrics of one total order over queries.</summary>
/// <remarks>
/// A query contributes its hits only: a count and a share of recall at each hit's rank. Summed up over ranks once, in the end, these
/// are H_i and H_i / R of all queries together, whence P@N and the curve by rank.
/// </remarks>
internal sealed class RankingSums
{
    private readonly int[] cuts;
    private readonly double[] retrieved;
    private readonly double[] min;
    private readonly int[] hitRanks;
    private readonly int[] hitsAtRank;
    private readonly double[] recallAtRank;
    private double precisionSum;
    private int queries;
    private int queriesWithRelevant;

    /// <param name="count">Database items.</param>
    /// <param name="cuts">Cuts from 1 to the number of items, ascending, each once.</param>
    public RankingSums(int count, int[] cuts)
    {
        this.cuts = cuts;
        retrieved = new double[cuts.Length];
        min = new double[cuts.Length];
        hitRanks = new int[count + 1];
        hitsAtRank = new int[count];
        recallAtRank = new double[count];
    }

    /// <summary>Adds a query.</summary>
    /// <param name="ranked">Relevance (1 or 0) in rank order.</param>
    /// <param name="relevant">How many are relevant, R.</param>
    /// <returns>AP of the whole ranking.</returns>
    public double Add(ReadOnlySpan<byte> ranked, int relevant)
    {
        queries++;
        if (relevant == 0)
        {
            return 0;
        }

        queriesWithRelevant++;
        CollectHits(ranked);
        ReadOnlySpan<int> hits = hitRanks.AsSpan(0, relevant);
        double share = 1.0 / relevant;
        double sum = 0;
        int seen = 0;
        for (int c = 0; c < cuts.Length; c++)
        {
            sum += SumTo(cuts[c], hits, ref seen, share);
            if (seen > 0)
            {
                retrieved[c] += sum / seen;
                min[c] += sum / Math.Min(relevant, cuts[c]);
            }
        }

        sum += SumTo(ranked.Length, hits, ref seen, share);
        precisionSum += sum / relevant;
        return sum / relevant;
    }

    public RankingMetrics Metrics(RetrievalOptions options)
    {
        int count = hitsAtRank.Length;
        var curve = new double[Math.Min(count, RetrievalOptions.MaxPrecisionRank)];
        var byRank = new List<RankPoint>((count / options.RankStep) + 1);
        (long hits, double recall) = (0, 0);
        int divisor = Math.Max(queriesWithRelevant, 1);
        for (int rank = 1; rank <= count; rank++)
        {
            hits += hitsAtRank[rank - 1];
            recall += recallAtRank[rank - 1];
            if (rank <= curve.Length)
            {
                curve[rank - 1] = (double)hits / rank / queries;
            }

            if (rank % options.RankStep == 0 || rank == count)
            {
                // Not above 1 by a rounding error.
                byRank.Add(new RankPoint(rank, (double)hits / rank / divisor, Math.Min(recall / divisor, 1)));
            }
        }

        return new RankingMetrics
        {
            Map = precisionSum / queries,
            MapAt = [.. options.Cuts.Select(k => (k, c: Array.BinarySearch(cuts, Math.Min(k, count))))
                .Select(cut => new MapAtCut(cut.k, retrieved[cut.c] / queries, min[cut.c] / queries))],
            PrecisionAt = [.. options.PrecisionAt.Select(n => new PrecisionPoint(n, Precision(n)))],
            PrecisionCurve = curve,
            ByRank = byRank,
        };

        double Precision(int n) => n <= count ? curve[n - 1] : (double)hits / n / queries;
    }

    /// <summary>Ranks of the relevant items, from 0. Without a branch: a tenth of the items is relevant, and none can be foretold.</summary>
    private void CollectHits(ReadOnlySpan<byte> ranked)
    {
        Span<int> hits = hitRanks;
        int found = 0;
        for (int i = 0; i < ranked.Length; i++)
        {
            hits[found] = i;
            found += ranked[i];
        }
    }

    /// <summary>Σ H_i / i over the hits that follow those seen, to rank <paramref name="end"/>.</summary>
    private double SumTo(int end, ReadOnlySpan<int> hits, ref int seen, double share)
    {
        double sum = 0;
        int i = seen;
        for (; i < hits.Length && hits[i] < end; i++)
        {
            int rank = hits[i];
            hitsAtRank[rank]++;
            recallAtRank[rank] += share;
            sum += (i + 1) / (double)(rank + 1);
        }

        seen = i;
        return sum;
    }
}
