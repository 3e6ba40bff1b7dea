using System.Text.Json.Nodes;

namespace Dpfah.Api.Training;

/// <summary>A training. Whatever is left out gets its default, which the job's <c>request</c> tells.</summary>
/// <param name="Name">Name that the model will have: 1 to 64 of a-z, 0-9, '-', '_' and '.'.</param>
/// <param name="Source">What is trained on.</param>
/// <param name="Parent">Name of a model to start from: its backbone, and its hash layer where the bits agree.</param>
/// <param name="Method">The method; dpfah unless named. itq, pca and lsh need no labels.</param>
/// <param name="Bits">Length of the codes, a multiple of 8; the parent's, or 64.</param>
/// <param name="Epochs">Passes over the training pictures; 30.</param>
/// <param name="ImageSide">Side of the network's input in pixels, a multiple of 32; the parent's where that was trained, 64 for a method that learns, 128 for one without labels.</param>
/// <param name="BatchSize">Pictures in a batch; 128.</param>
/// <param name="LearningRate">Learning rate of RMSProp; 0.00005.</param>
/// <param name="LearningRateStep">Epochs after which the rate falls to a tenth; 0 for never.</param>
/// <param name="WeightDecay">Weight decay; 0.00001.</param>
/// <param name="Augmentation">What becomes of training pictures: none (default) or cropAndFlip.</param>
/// <param name="Backbone">The network: resnet18.</param>
/// <param name="Weights">Where the backbone starts without a parent: imagenet (default) or random.</param>
/// <param name="ValidateEvery">Epochs from one measurement on the validation pictures to the next; a tenth of the epochs, at least 1.</param>
/// <param name="Seed">Seed of first weights, order and augmentation; 1.</param>
/// <param name="Threads">Threads of the training; the setting TrainingThreads, one less than there are cores unless set.</param>
/// <param name="Split">What is kept from the training.</param>
/// <param name="HyperParameters">Options of the method's loss, such as eta and zeta of dpfah.</param>
public sealed record TrainingJobRequest(
    string? Name,
    TrainingSourceRequest? Source,
    string? Parent,
    string? Method,
    int? Bits,
    int? Epochs,
    int? ImageSide,
    int? BatchSize,
    double? LearningRate,
    int? LearningRateStep,
    double? WeightDecay,
    string? Augmentation,
    string? Backbone,
    string? Weights,
    int? ValidateEvery,
    ulong? Seed,
    int? Threads,
    TrainingSplitRequest? Split,
    JsonObject? HyperParameters);

/// <summary>What is trained on: a collection or a data set.</summary>
/// <param name="Collection">Name of a collection.</param>
/// <param name="Labels">The labels of it to learn; other labels, and pictures without any of these, do not count. All unless named.</param>
/// <param name="Filter">Which of its pictures, as in a search.</param>
/// <param name="Dataset">Name of a data set on the service's disk, such as fashion-mnist or folder.</param>
/// <param name="Path">Its folder below the setting DatasetFolder; may be left out for a data set that has a place of its own.</param>
/// <param name="UseFeedback">
/// Of a collection: whether a hit that was called right is trained on with the labels of its query beside its own. Pictures that are kept
/// from the training keep their own labels. False unless set.
/// </param>
public sealed record TrainingSourceRequest(
    string? Collection, IReadOnlyList<string>? Labels, JsonObject? Filter, string? Dataset, string? Path, bool? UseFeedback = null);

/// <summary>What is kept from a training.</summary>
/// <param name="Query">Of a collection: the share of each label that the model is measured with in the end; 0.1.</param>
/// <param name="Database">Of a collection: the share that is searched in then; 0.2.</param>
/// <param name="Validation">Of a collection: the share that is measured on during the training; 0.1.</param>
/// <param name="QueriesPerClass">Of a data set that brings no split: queries of each class.</param>
/// <param name="TrainPerClass">Of a data set that brings no split: training pictures of each class.</param>
/// <param name="DatabaseIncludesTrain">Of a data set that brings no split: whether the database has the training pictures too.</param>
/// <param name="Seed">Seed of the split.</param>
public sealed record TrainingSplitRequest(
    double? Query, double? Database, double? Validation, int? QueriesPerClass, int? TrainPerClass, bool? DatabaseIncludesTrain, ulong? Seed);

/// <summary>A training that is repeated.</summary>
/// <param name="Name">Name of the new model; that of the old one with a number unless named, such as shoes-r2.</param>
public sealed record RetrainRequest(string? Name);
