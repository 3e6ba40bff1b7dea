namespace Dpfah.Core.Evaluation;

/// <summary>One query.</summary>
/// <param name="Relevant">Relevant items in the database, R.</param>
/// <param name="AveragePrecision">AP of the whole ranking; 0 when R is 0.</param>
/// <param name="TieAwareAveragePrecision">Expected AP over all orders of equal distances; 0 when R is 0.</param>
/// <param name="FineAveragePrecision">AP of the fine ranking; null without signatures.</param>
/// <param name="BallCount">Items within <see cref="BallMetrics.Radius"/>.</param>
public sealed record QueryResult(
    int Relevant, double AveragePrecision, double TieAwareAveragePrecision, double? FineAveragePrecision, int BallCount);
