namespace Dpfah.Engine.Evaluations;

/// <summary>What is measured: a model on a collection, or on a data set.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Collection">The collection whose labelled pictures it is measured on; null for a data set.</param>
/// <param name="Filter">Which of them: a filter as searches take it, as JSON text; null for all.</param>
/// <param name="Dataset">Name of a data set; null for a collection.</param>
/// <param name="Path">Its folder; null for where the data set lies by default.</param>
/// <param name="Split">How it is split; null for the split that it brings, or that its protocol makes.</param>
/// <param name="Pictures">Most pictures that are searched in; of more, a sample.</param>
/// <param name="Queries">Most pictures that are searched for; of more, a sample.</param>
internal sealed record EvaluationRequest(
    string Model, string? Collection, string? Filter, string? Dataset, string? Path, DatasetSplit? Split, int Pictures, int Queries);
