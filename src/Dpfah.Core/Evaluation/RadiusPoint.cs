namespace Dpfah.Core.Evaluation;

/// <summary>Precision and recall of the ball of one radius.</summary>
/// <param name="Radius">The radius in bits.</param>
/// <param name="Precision">Mean over the queries with a relevant item; an empty ball has precision 0.</param>
/// <param name="Recall">Mean over the queries with a relevant item.</param>
/// <param name="MicroPrecision">Of the items in the balls of all queries together; 0 when all are empty.</param>
/// <param name="MicroRecall">Of the relevant items of all queries together; 0 when there is none.</param>
public sealed record RadiusPoint(int Radius, double Precision, double Recall, double MicroPrecision, double MicroRecall);
