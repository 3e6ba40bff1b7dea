namespace Dpfah.Engine.Evaluations;

/// <summary>What is measured.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Collection">The collection whose labelled pictures it is measured on.</param>
/// <param name="Filter">Which of them: a filter as searches take it, as JSON text; null for all.</param>
/// <param name="Pictures">Most pictures that are searched in; of more, a sample.</param>
/// <param name="Queries">Most pictures that are searched for; of more, a sample.</param>
internal sealed record EvaluationRequest(string Model, string Collection, string? Filter, int Pictures, int Queries);
