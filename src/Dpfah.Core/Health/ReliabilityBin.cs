namespace Dpfah.Core.Health;

/// <summary>Held-out pairs to which the fit gives about the same probability.</summary>
/// <param name="Pairs">Pairs in the bin.</param>
/// <param name="Predicted">Mean of the probabilities that the fit gives them.</param>
/// <param name="Observed">Share of them that have a label in common.</param>
public sealed record ReliabilityBin(long Pairs, double Predicted, double Observed);
