namespace Dpfah.Core.Evaluation;

/// <summary>Metrics of one total order of the database. H_k counts the relevant items among the first k; R among all.</summary>
public sealed record RankingMetrics
{
    /// <summary>mAP of the whole ranking.</summary>
    public required double Map { get; init; }

    /// <summary>mAP@k, in the order of <see cref="RetrievalOptions.Cuts"/>.</summary>
    public required IReadOnlyList<MapAtCut> MapAt { get; init; }

    /// <summary>P@N, in the order of <see cref="RetrievalOptions.PrecisionAt"/>.</summary>
    public required IReadOnlyList<PrecisionPoint> PrecisionAt { get; init; }

    /// <summary>
    /// P@N for N = 1, 2, … to <see cref="RetrievalOptions.MaxPrecisionRank"/>, or to the size of a smaller database.
    /// </summary>
    public required IReadOnlyList<double> PrecisionCurve { get; init; }

    /// <summary>
    /// Precision and recall of the first i results, mean over the queries with a relevant item (0 where there is none): a point at
    /// every <see cref="RetrievalOptions.RankStep"/>-th rank and at the last.
    /// </summary>
    public required IReadOnlyList<RankPoint> ByRank { get; init; }
}

/// <summary>mAP@k with both denominators in use.</summary>
/// <param name="K">The cut as it was asked for.</param>
/// <param name="Retrieved">Denominator H_k, the hits in the top k: the figure of published comparisons.</param>
/// <param name="Min">Denominator min(R, k).</param>
public sealed record MapAtCut(int K, double Retrieved, double Min);

/// <summary>P@N = H_N / N; a database of fewer than N items still divides by N.</summary>
/// <param name="N">Results looked at.</param>
/// <param name="Precision">Mean over all queries.</param>
public sealed record PrecisionPoint(int N, double Precision);

/// <summary>A point of the precision-recall curve by rank.</summary>
/// <param name="Rank">Results looked at, from 1.</param>
/// <param name="Precision">Mean of H_i / i.</param>
/// <param name="Recall">Mean of H_i / R.</param>
public sealed record RankPoint(int Rank, double Precision, double Recall);
