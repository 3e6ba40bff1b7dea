namespace Dpfah.Engine.Evaluations;

/// <summary>What an evaluation came to.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Collection">The collection; null for a data set.</param>
/// <param name="Dataset">The data set; null for a collection.</param>
/// <param name="Metrics">
/// Shares from 0 to 1, under the names of a training's: <c>map</c>, <c>tieAwareMap</c>, <c>precisionAt10</c>, <c>precisionAt100</c> by Hamming distance;
/// <c>fineMap</c>, <c>finePrecisionAt10</c> with equal distances in the order of the signatures, as searches have it; <c>precisionInBall</c> within
/// 2 bits; <c>balance</c>, <c>distinctShare</c> of the codes.
/// </param>
/// <param name="Counts">How much was measured.</param>
/// <param name="Figures">Files of the figures that were drawn.</param>
/// <param name="Warnings">What a person should know, as sentences.</param>
internal sealed record EvaluationResult(
    string Model,
    string Digest,
    string? Collection,
    string? Dataset,
    IReadOnlyDictionary<string, double> Metrics,
    EvaluationCounts Counts,
    IReadOnlyList<string> Figures,
    IReadOnlyList<string> Warnings);

/// <summary>How much was measured.</summary>
/// <param name="Pictures">Pictures that were searched in.</param>
/// <param name="Queries">Pictures that were searched for.</param>
/// <param name="Classes">Different labels.</param>
/// <param name="Hashed">Pictures that were hashed for it; the codes of the others were there.</param>
internal sealed record EvaluationCounts(int Pictures, int Queries, int Classes, int Hashed);
