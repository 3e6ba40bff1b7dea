namespace Dpfah.Core.Evaluation;

/// <summary>Adds up tie-aware average precision over queries.</summary>
/// <remarks>
/// For a tie of n items with r relevant, behind N items of which R' are relevant, the expected precision at its t-th place times the
/// chance r/n of a hit there is (r/n) · (R' + 1 + (t − 1)(r − 1)/(n − 1)) / (N + t); the sum over all places is divided by min(R, k).
/// </remarks>
internal sealed class TieAwareSums(int[] cuts)
{
    private readonly double[] min = new double[cuts.Length];
    private double precisionSum;
    private int queries;

    /// <summary>Adds the query that the keys are turned to.</summary>
    /// <returns>Expected AP of the whole ranking.</returns>
    public double Add(RankingKeys keys)
    {
        queries++;
        if (keys.TotalRelevant == 0)
        {
            return 0;
        }

        double sum = 0;
        (int before, int hits, int next) = (0, 0, 0);
        for (int distance = 0; distance <= keys.Bits; distance++)
        {
            (int total, int relevant) = (keys.Total(distance), keys.Relevant(distance));
            int place = 0;
            for (; next < cuts.Length && cuts[next] <= before + total; next++)
            {
                sum += SumPlaces(before, hits, total, relevant, place, cuts[next] - before);
                place = cuts[next] - before;
                min[next] += sum / Math.Min(keys.TotalRelevant, cuts[next]);
            }

            sum += SumPlaces(before, hits, total, relevant, place, total);
            before += total;
            hits += relevant;
        }

        precisionSum += sum / keys.TotalRelevant;
        return sum / keys.TotalRelevant;
    }

    public TieAwareMetrics Metrics(RetrievalOptions options, int count) => new()
    {
        Map = precisionSum / queries,
        MapAt = [.. options.Cuts.Select(k => new TieAwareMapAtCut(k, min[Array.BinarySearch(cuts, Math.Min(k, count))] / queries))],
    };

    /// <summary>The sum over the places from <paramref name="start"/> (from 0) to before <paramref name="end"/> of one tie.</summary>
    private static double SumPlaces(int before, int hits, int total, int relevant, int start, int end)
    {
        if (relevant == 0)
        {
            return 0;
        }

        double slope = total > 1 ? (relevant - 1.0) / (total - 1) : 0;
        double sum = 0;
        for (int place = start; place < end; place++)
        {
            sum += (hits + 1 + (place * slope)) / (before + place + 1);
        }

        return sum * relevant / total;
    }
}
