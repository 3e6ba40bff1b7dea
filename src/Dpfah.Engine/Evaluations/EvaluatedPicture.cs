namespace Dpfah.Engine.Evaluations;

/// <summary>A labelled picture that a model is measured on.</summary>
/// <param name="Number">Its item number, or its place in a data set.</param>
/// <param name="Id">Its public id, or its name.</param>
/// <param name="Labels">Its labels.</param>
public sealed record EvaluatedPicture(long Number, string Id, IReadOnlyList<string> Labels);
