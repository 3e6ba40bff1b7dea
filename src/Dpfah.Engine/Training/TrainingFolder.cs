using System.Text.Json;
using System.Text.Json.Nodes;
using Dpfah.Core.Models;
using Dpfah.Engine.Jobs;

namespace Dpfah.Engine.Training;

/// <summary>The local folder of a training: its pictures, its options, what it writes. Nothing in it outlives the job's turn on this node.</summary>
internal sealed class TrainingFolder : IDisposable
{
    private const string ParentName = "parent";
    private const string DataName = "data";

    // Named by the fence: what a process left that was killed, or that is stopped and goes on later, is not in the way.
    public TrainingFolder(string dataFolder, JobRun run)
    {
        Path = System.IO.Path.Combine(Root(dataFolder), $"{run.Id}-{run.Fence}");
        Remove(Path);
        Directory.CreateDirectory(Data);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Folder of a collection's pictures.</summary>
    public string Data => System.IO.Path.Combine(Path, DataName);

    /// <summary>The state of the training between two epochs, while it runs.</summary>
    public string State => System.IO.Path.Combine(Path, "checkpoint.safetensors");

    /// <summary>What the epochs did, a line each.</summary>
    public string Metrics => System.IO.Path.Combine(Path, "metrics.jsonl");

    /// <summary>The files of the finished model.</summary>
    public ModelFiles Model => FilesIn("model");

    /// <summary>Where numbers and figures are in the end.</summary>
    public string Result => System.IO.Path.Combine(Path, "result");

    /// <summary>All trainings' folders on this node, with the job and the fence of each.</summary>
    /// <param name="dataFolder">The service's folder.</param>
    public static IEnumerable<(long JobId, long Fence, string Folder)> All(string dataFolder)
    {
        string root = Root(dataFolder);
        foreach (string folder in Directory.Exists(root) ? Directory.GetDirectories(root) : [])
        {
            string[] name = System.IO.Path.GetFileName(folder).Split('-');
            if (name.Length == 2 && long.TryParse(name[0], out long job) && long.TryParse(name[1], out long fence))
            {
                yield return (job, fence, folder);
            }
        }
    }

    /// <summary>Copies the model to start from.</summary>
    public void PutParent(ModelFiles files)
    {
        ModelFiles copy = FilesIn(ParentName);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy.HeadPath)!);
        File.Copy(files.BackbonePath, copy.BackbonePath, overwrite: true);
        File.Copy(files.HeadPath, copy.HeadPath, overwrite: true);
    }

    /// <summary>Writes the options of the run, as <c>dpfah train --resume</c> reads them.</summary>
    /// <param name="request">What is trained.</param>
    /// <param name="parentDigest">Digest of the model to start from; null for none.</param>
    public void WriteOptions(TrainingRequest request, string? parentDigest)
    {
        var training = new JsonObject
        {
            ["bits"] = request.Bits,
            ["epochs"] = request.Epochs,
            ["batchSize"] = request.BatchSize,
            ["learningRate"] = request.LearningRate,
            ["learningRateStep"] = request.LearningRateStep,
            ["weightDecay"] = request.WeightDecay,
            ["imageSide"] = request.ImageSide,
            ["augmentation"] = request.Augmentation,
            ["backbone"] = request.Backbone,
            ["weights"] = parentDigest is null ? request.Weights : ParentName,
            ["validateEvery"] = request.ValidateEvery,
            ["seed"] = request.Seed,
            ["threads"] = request.Threads,
            ["device"] = request.Device,
        };
        if (request.NeedsLabels)
        {
            training["method"] = request.Method;
            training["loss"] = request.HyperParameters.DeepClone();
        }

        var run = new JsonObject
        {
            ["dataset"] = request.Source.Dataset ?? "collection",
            ["data"] = request.Source.Dataset is null ? DataName : request.Source.Path,
            ["name"] = request.Name,
            ["fit"] = request.NeedsLabels ? null : request.Method,
            ["training"] = training,
        };
        if (parentDigest is not null)
        {
            run["parent"] = ParentName;
            training["parent"] = parentDigest;
        }

        if (request.Source.Dataset is not null && request.Split.Seed is { } seed)
        {
            run["split"] = new JsonObject
            {
                ["queriesPerClass"] = request.Split.QueriesPerClass,
                ["trainPerClass"] = request.Split.TrainPerClass,
                ["databaseIncludesTrain"] = request.Split.DatabaseIncludesTrain,
                ["seed"] = seed,
            };
        }

        File.WriteAllText(System.IO.Path.Combine(Path, "run.json"), run.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <inheritdoc/>
    public void Dispose() => Remove(Path);

    /// <summary>Removes a folder, as far as that can be done.</summary>
    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Tried again with all that is left over.
        }
    }

    private static string Root(string dataFolder) => System.IO.Path.GetFullPath(System.IO.Path.Combine(dataFolder, "training"));

    private ModelFiles FilesIn(string name) => new(
        System.IO.Path.Combine(Path, name, "backbone.safetensors"), System.IO.Path.Combine(Path, name, "head.safetensors"));
}
