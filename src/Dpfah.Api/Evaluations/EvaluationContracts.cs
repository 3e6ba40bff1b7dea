using System.Text.Json;

namespace Dpfah.Api.Evaluations;

/// <summary>What is to be measured.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Collection">The collection on whose labelled pictures it is measured, each against all others; hashed by the model where it is another than the collection's.</param>
/// <param name="Filter">Only pictures that meet this filter, as searches take it. Default: all that are labelled.</param>
/// <param name="Dataset">Instead of a collection: a data set on the service's disk, such as <c>image-folder</c>; its queries against its database, by way of previews.</param>
/// <param name="Path">The folder of the data set, below the setting Dpfah:DatasetFolder. Default: where the data set lies by default.</param>
/// <param name="Split">How the data set is split. Default: as it brings it, or as its protocol has it.</param>
/// <param name="Pictures">Most pictures that are searched in, 2 to 200,000; of more, a sample. Default 20,000.</param>
/// <param name="Queries">Most pictures that are searched for, 1 to 20,000; of more, a sample. Default 1,000.</param>
public sealed record EvaluationJobRequest(
    string? Model, string? Collection, JsonElement? Filter, string? Dataset, string? Path, EvaluationSplitRequest? Split, int? Pictures, int? Queries);

/// <summary>How a data set is split: the same numbers as a training's give the same queries.</summary>
/// <param name="QueriesPerClass">Queries of each class.</param>
/// <param name="TrainPerClass">Training pictures of each class, which are not queries.</param>
/// <param name="DatabaseIncludesTrain">Whether the training pictures are searched in as well.</param>
/// <param name="Seed">Seed of the draw.</param>
public sealed record EvaluationSplitRequest(int? QueriesPerClass, int? TrainPerClass, bool? DatabaseIncludesTrain, ulong? Seed);

/// <summary>A measurement of a model.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Job">The job that made it; null when that is not known.</param>
/// <param name="Target">What was measured on, in words.</param>
/// <param name="CreatedAt">When, UTC.</param>
/// <param name="Result">What came of it: a JSON object, of which 'metrics' has the figures by name.</param>
public sealed record ModelEvaluationResponse(int Id, long? Job, string Target, DateTime CreatedAt, JsonElement Result);

/// <summary>A page of measurements of a model, the newest first.</summary>
/// <param name="Items">The measurements.</param>
/// <param name="Plots">Names of the files of its figures, which are those of the newest measurement that drew them.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record ModelEvaluationList(IReadOnlyList<ModelEvaluationResponse> Items, IReadOnlyList<string> Plots, string? NextCursor);
