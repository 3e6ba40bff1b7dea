namespace Dpfah.Core.Evaluation;

/// <summary>How well queries find relevant items of a database, by every metric of the deep-hashing literature.</summary>
/// <remarks>All metrics are fractions from 0 to 1. Means are over all queries unless said otherwise; nothing is ever NaN.</remarks>
public sealed record RetrievalResult
{
    /// <summary>Length of the codes in bits.</summary>
    public required int Bits { get; init; }

    /// <summary>Number of queries.</summary>
    public required int Queries { get; init; }

    /// <summary>Number of database items.</summary>
    public required int Database { get; init; }

    /// <summary>Queries to which at least one database item is relevant; the others count as 0 in every mean over all queries.</summary>
    public required int QueriesWithRelevant { get; init; }

    /// <summary>The ranking by Hamming distance, then database order.</summary>
    public required RankingMetrics Ranking { get; init; }

    /// <summary>The ranking by Hamming distance, distance of the signatures, database order; null without signatures.</summary>
    public required RankingMetrics? FineRanking { get; init; }

    /// <summary>Expected average precision over all orders of equal distances.</summary>
    public required TieAwareMetrics TieAware { get; init; }

    /// <summary>Precision inside a small Hamming ball.</summary>
    public required BallMetrics Ball { get; init; }

    /// <summary>Precision and recall of the balls of radius 0 to <see cref="Bits"/>.</summary>
    public required IReadOnlyList<RadiusPoint> ByRadius { get; init; }

    /// <summary>The queries one by one, in their order.</summary>
    public required IReadOnlyList<QueryResult> PerQuery { get; init; }
}
