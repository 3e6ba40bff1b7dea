namespace Dpfah.Engine.Evaluations;

/// <summary>A labelled picture that a model is measured on.</summary>
/// <param name="Number">Its item number.</param>
/// <param name="Id">Its public id.</param>
/// <param name="Labels">Its labels, at least one.</param>
internal sealed record EvaluatedPicture(long Number, string Id, IReadOnlyList<string> Labels);
