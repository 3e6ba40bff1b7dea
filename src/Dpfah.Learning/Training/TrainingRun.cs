using System.Text;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Models;

namespace Dpfah.Learning.Training;

/// <summary>
/// A training and its folder: <c>metrics.jsonl</c> (a line an epoch), <c>checkpoint.safetensors</c> while it runs, <c>model/</c> when it
/// is done. Broken off at any point, it goes on from its last checkpoint to the same weights, bit for bit on the CPU.
/// </summary>
public sealed class TrainingRun
{
    /// <summary>Name of the folder of the finished model in that of the run.</summary>
    public const string ModelFolderName = "model";

    /// <summary>Name of the file of the reports.</summary>
    public const string MetricsName = "metrics.jsonl";

    private readonly string folder;
    private readonly TrainingOptions options;
    private readonly TrainingPictures pictures;
    private readonly ParentModel? parent;

    /// <summary>Prepares a run; nothing is read or written yet.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <param name="options">What to train.</param>
    /// <param name="pictures">What to train on; some are held out where the options say so.</param>
    /// <param name="parent">The model that the options name as parent; null where they name none.</param>
    /// <param name="name">Name of the model; null for one of method, data set and bits.</param>
    public TrainingRun(string folder, TrainingOptions options, TrainingPictures pictures, ParentModel? parent = null, string? name = null)
    {
        options.ThrowIfInvalid();
        this.folder = folder;
        this.options = options;
        this.pictures = pictures;
        this.parent = parent;
        ModelName = name ?? $"{options.Method}-{pictures.Pictures.Dataset.Name}-{options.Bits}";
    }

    /// <summary>Folder of the finished model.</summary>
    public string ModelFolder => Path.Combine(folder, ModelFolderName);

    /// <summary>Name of the model that the run trains, such as <c>dpfah-fashion-mnist-64</c>.</summary>
    public string ModelName { get; }

    /// <summary>Whether the run has been trained to its end.</summary>
    public bool IsFinished => TrainedModel.Exists(ModelFolder);

    /// <summary>Whether a training has begun in a folder: something would be lost if another took its place.</summary>
    /// <param name="folder">Folder of a run.</param>
    public static bool HasBegun(string folder) => new FileInfo(Path.Combine(folder, MetricsName)) is { Exists: true, Length: > 0 };

    /// <summary>Whether there is a checkpoint to go on from.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath);

    private string CheckpointPath => Path.Combine(folder, "checkpoint.safetensors");

    private string MetricsPath => Path.Combine(folder, MetricsName);

    /// <summary>The reports of the epochs that are done.</summary>
    /// <exception cref="InvalidDataException">The file of the reports is damaged.</exception>
    public IReadOnlyList<EpochReport> Reports() => EpochReport.ReadFile(MetricsPath);

    /// <summary>Trains to the end, from the last checkpoint where there is one.</summary>
    /// <param name="validate">Measures a model on the pictures held out, given those trained on; called where the options hold some out.</param>
    /// <param name="onEpoch">Told after each epoch.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Stops between batches; the checkpoint of the last epoch stays.</param>
    /// <returns>Digest of the model: equal for equal weights.</returns>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite; the last checkpoint stays.</exception>
    /// <exception cref="InvalidDataException">A picture cannot be read, or the checkpoint or the finished model is of other options.</exception>
    /// <exception cref="IOException">The checkpoint cannot be written; the one before it stays.</exception>
    public string Train(
        Validation? validate, Action<EpochReport>? onEpoch, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.RemoveLeftovers(CheckpointPath);
        AtomicFile.RemoveLeftovers(MetricsPath);
        if (IsFinished)
        {
            TrainedModel.ThrowIfOfOthers(ModelFolder, options);
            File.Delete(CheckpointPath); // A kill may have come between the model and this.
            return TrainedModel.Digest(ModelFolder);
        }

        if (Directory.Exists(ModelFolder))
        {
            Directory.Delete(ModelFolder, recursive: true); // What a kill left of it.
        }

        (TrainingPictures fit, PictureSet? heldOut) = options.HoldOut == 0 ? (pictures, pictures.Validation) : pictures.HoldOut(options.HoldOut);
        using var trainer = new Trainer(options, fit, parent);
        if (HasCheckpoint)
        {
            Checkpoint.Read(CheckpointPath, trainer, pictures.SplitDigest);
        }

        // An epoch's line is written before its checkpoint: lines beyond the checkpoint are of an epoch that is trained again.
        IEnumerable<EpochReport> kept = Reports().Where(report => report.Epoch <= trainer.EpochsDone);
        byte[] lines = Encoding.UTF8.GetBytes(string.Concat(kept.Select(report => $"{report.ToJson()}\n")));
        AtomicFile.Write(MetricsPath, stream => stream.Write(lines));
        while (trainer.EpochsDone < options.Epochs)
        {
            EpochReport report = trainer.RunEpoch(progress, cancellationToken);
            if (validate is not null && heldOut is not null && (report.Epoch % options.ValidateEvery == 0 || report.Epoch == options.Epochs))
            {
                report = report with { Validation = validate(trainer, fit.Pictures, heldOut, cancellationToken) };
            }

            File.AppendAllText(MetricsPath, $"{report.ToJson()}\n");
            Checkpoint.Write(CheckpointPath, trainer, pictures.SplitDigest);
            onEpoch?.Invoke(report);
        }

        TrainedModel.Write(trainer, ModelFolder, ModelName, cancellationToken);
        File.Delete(CheckpointPath);
        return TrainedModel.Digest(ModelFolder);
    }
}

/// <summary>Measures a network in training on pictures held out.</summary>
/// <param name="trainer">Its network.</param>
/// <param name="database">The pictures that it is trained on: the database.</param>
/// <param name="queries">The pictures held out: the queries.</param>
/// <param name="cancellationToken">Stops the measurement.</param>
/// <returns>Figures by name.</returns>
public delegate IReadOnlyDictionary<string, double> Validation(
    Trainer trainer, PictureSet database, PictureSet queries, CancellationToken cancellationToken);
