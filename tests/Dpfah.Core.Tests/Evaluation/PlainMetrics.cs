using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

/// <summary>The metrics written down as they are defined, with sorts and sums; the oracle of the fast ones.</summary>
internal sealed class PlainMetrics
{
    private readonly LabelledCodes queries;
    private readonly LabelledCodes database;

    public PlainMetrics(LabelledCodes queries, LabelledCodes database)
    {
        this.queries = queries;
        this.database = database;
        int[][] orders = [.. All(queries.Count).Select(i => All(database.Count).OrderBy(j => Distance(i, j)).ToArray())];
        Ranked = [.. orders.Select((order, i) => order.Select(j => IsRelevant(i, j)).ToArray())];
    }

    /// <summary>Relevance in rank order, a query each.</summary>
    public bool[][] Ranked { get; }

    /// <summary>Relevance in the order of distance, signature distance and position.</summary>
    public bool[][] FineRanked =>
    [
        .. All(queries.Count).Select(i => All(database.Count)
            .OrderBy(j => Distance(i, j))
            .ThenBy(j => Hamming.Distance(queries.Signatures!.Row(i), database.Signatures!.Row(j)))
            .Select(j => IsRelevant(i, j)).ToArray()),
    ];

    public static int Hits(bool[] ranked, int k) => ranked.Take(k).Count(r => r);

    public static double PrecisionSum(bool[] ranked, int k) =>
        All(Math.Min(k, ranked.Length)).Where(i => ranked[i]).Sum(i => (double)Hits(ranked, i + 1) / (i + 1));

    /// <summary>AP@k with denominator H_k.</summary>
    public static double Retrieved(bool[] ranked, int k) => Ratio(PrecisionSum(ranked, k), Hits(ranked, k));

    /// <summary>AP@k with denominator min(R, k).</summary>
    public static double Min(bool[] ranked, int k) => Ratio(PrecisionSum(ranked, k), Math.Min(Hits(ranked, ranked.Length), k));

    public static double Ratio(double numerator, double denominator) => denominator == 0 ? 0 : numerator / denominator;

    public int Distance(int query, int item)
    {
        int distance = 0;
        for (int bit = 0; bit < queries.Codes.Bits; bit++)
        {
            distance += Bit(queries.Codes, query, bit) == Bit(database.Codes, item, bit) ? 0 : 1;
        }

        return distance;
    }

    public bool IsRelevant(int query, int item) =>
        All(queries.Labels.Classes).Any(label => queries.Labels.Has(query, label) && database.Labels.Has(item, label));

    /// <summary>Items within a radius, and the relevant among them.</summary>
    public (int Found, int Relevant) Ball(int query, int radius)
    {
        int[] inside = [.. All(database.Count).Where(j => Distance(query, j) <= radius)];
        return (inside.Length, inside.Count(j => IsRelevant(query, j)));
    }

    /// <summary>Expected AP@k with denominator min(R, k): the double sum of the method, term by term.</summary>
    public double TieAware(int query, int k)
    {
        (double sum, int before, int hits) = (0, 0, 0);
        foreach (var tie in All(database.Count).GroupBy(j => Distance(query, j)).OrderBy(tie => tie.Key))
        {
            (double total, double relevant) = (tie.Count(), tie.Count(j => IsRelevant(query, j)));
            for (int t = 1; t <= total && before + t <= k; t++)
            {
                double others = total > 1 ? (t - 1) * (relevant - 1) / (total - 1) : 0;
                sum += relevant / total * (hits + 1 + others) / (before + t);
            }

            before += (int)total;
            hits += (int)relevant;
        }

        return Ratio(sum, Math.Min(hits, k));
    }

    private static IEnumerable<int> All(int count) => Enumerable.Range(0, count);

    private static bool Bit(CodeMatrix codes, int row, int bit) => (codes.Row(row)[bit / 64] >> (bit % 64) & 1) != 0;
}
