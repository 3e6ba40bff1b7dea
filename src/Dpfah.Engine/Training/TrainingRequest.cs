using System.Text.Json.Nodes;
using Dpfah.Core.Training;

namespace Dpfah.Engine.Training;

/// <summary>A training with every default filled in: what a training job is given, and what the lineage of its model keeps.</summary>
/// <remarks>What the numbers mean and which are good is the host's to say, who knows the methods; here they are handed on.</remarks>
public sealed record TrainingRequest
{
    /// <summary>Name that the model will have.</summary>
    public required string Name { get; init; }

    /// <summary>What is trained on.</summary>
    public required TrainingSource Source { get; init; }

    /// <summary>Name of the model whose weights it starts from; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>The method, such as <c>dpfah</c> or <c>itq</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Whether the method learns from labels. One that does not is fitted: epochs and rates mean nothing to it.</summary>
    public required bool NeedsLabels { get; init; }

    /// <summary>Length of the codes in bits.</summary>
    public required int Bits { get; init; }

    /// <summary>Passes over the training pictures.</summary>
    public required int Epochs { get; init; }

    /// <summary>Side of the network's input in pixels.</summary>
    public required int ImageSide { get; init; }

    /// <summary>Pictures in a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Epochs after which the rate falls to a tenth; 0 for never.</summary>
    public required int LearningRateStep { get; init; }

    /// <summary>Weight decay.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>What becomes of training pictures: <c>none</c> or <c>cropAndFlip</c>.</summary>
    public required string Augmentation { get; init; }

    /// <summary>The network.</summary>
    public required string Backbone { get; init; }

    /// <summary>Where the backbone starts without a parent: <c>imagenet</c> or <c>random</c>.</summary>
    public required string Weights { get; init; }

    /// <summary>Epochs from one measurement on the validation pictures to the next.</summary>
    public required int ValidateEvery { get; init; }

    /// <summary>Seed of first weights, order and augmentation.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Threads of the training.</summary>
    public required int Threads { get; init; }

    /// <summary>Where it computes: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</summary>
    public required string Device { get; init; }

    /// <summary>What is kept from the training.</summary>
    public required TrainingSplit Split { get; init; }

    /// <summary>The options of the method's loss, by name.</summary>
    public required JsonObject HyperParameters { get; init; }
}

/// <summary>What is trained on: the pictures of a collection, or a data set on disk.</summary>
public sealed record TrainingSource
{
    /// <summary>Name of the collection; null for a data set.</summary>
    public string? Collection { get; init; }

    /// <summary>The labels to learn; other labels do not count. Null for all.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Which of the pictures, as in a search; null for all.</summary>
    public JsonNode? Filter { get; init; }

    /// <summary>Whether a hit that somebody called right is trained on with its query's labels.</summary>
    public bool UseFeedback { get; init; }

    /// <summary>Name of the data set; null for a collection.</summary>
    public string? Dataset { get; init; }

    /// <summary>Folder of the data set, in full; null for where it is by default.</summary>
    public string? Path { get; init; }
}

/// <summary>How the pictures are cut.</summary>
public sealed record TrainingSplit
{
    /// <summary>Of a collection: the share of each label that becomes queries.</summary>
    public double? Query { get; init; }

    /// <summary>Of a collection: the share that is searched in.</summary>
    public double? Database { get; init; }

    /// <summary>Of a collection: the share that is measured on during the training.</summary>
    public double? Validation { get; init; }

    /// <summary>Of a data set that brings no split: queries of each class.</summary>
    public int? QueriesPerClass { get; init; }

    /// <summary>Of a data set that brings no split: training pictures of each class.</summary>
    public int? TrainPerClass { get; init; }

    /// <summary>Of a data set that brings no split: whether the database has the training pictures too.</summary>
    public bool? DatabaseIncludesTrain { get; init; }

    /// <summary>Seed of the split; null for a data set that brings one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The shares of a collection's split.</summary>
    internal SplitShares Shares() => new(Query ?? 0, Database ?? 0, Validation ?? 0);
}
