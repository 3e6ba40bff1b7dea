using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Training;

/// <summary>
/// A training and its folder: <c>metrics.jsonl</c> (a line an epoch), <c>checkpoint.safetensors</c> while it runs, <c>model/</c> when it
/// is done. Broken off at any point, it goes on from its last checkpoint to the same weights, bit for bit on the CPU.
/// </summary>
public sealed class TrainingRun
{
    /// <summary>Name of the folder of the finished model in that of the run.</summary>
    public const string ModelFolderName = "model";

    private readonly string folder;
    private readonly TrainingOptions options;
    private readonly TrainingPictures pictures;

    /// <summary>Prepares a run; nothing is read or written yet.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <param name="options">What to train.</param>
    /// <param name="pictures">What to train on; some are held out where the options say so.</param>
    public TrainingRun(string folder, TrainingOptions options, TrainingPictures pictures)
    {
        options.ThrowIfInvalid();
        this.folder = folder;
        this.options = options;
        this.pictures = pictures;
    }

    /// <summary>Folder of the finished model.</summary>
    public string ModelFolder => Path.Combine(folder, ModelFolderName);

    /// <summary>Name of the model that the run trains, such as <c>dpfah-fashion-mnist-64</c>.</summary>
    public string ModelName => $"{options.Method}-{pictures.Pictures.Dataset.Name}-{options.Bits}";

    /// <summary>Whether the run has been trained to its end.</summary>
    public bool IsFinished => TrainedModel.Exists(ModelFolder);

    /// <summary>Whether there is a checkpoint to go on from.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath);

    private string CheckpointPath => Path.Combine(folder, "checkpoint.safetensors");

    private string MetricsPath => Path.Combine(folder, "metrics.jsonl");

    /// <summary>The reports of the epochs that are done.</summary>
    public IReadOnlyList<EpochReport> Reports() =>
        File.Exists(MetricsPath) ? [.. File.ReadLines(MetricsPath).Where(line => line.Length > 0).Select(EpochReport.FromJson)] : [];

    /// <summary>Trains to the end, from the last checkpoint where there is one.</summary>
    /// <param name="validate">Measures a model on the pictures held out, given those trained on; called where the options hold some out.</param>
    /// <param name="onEpoch">Told after each epoch.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Stops between batches; the checkpoint of the last epoch stays.</param>
    /// <returns>Digest of the model: equal for equal weights.</returns>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite; the last checkpoint stays.</exception>
    /// <exception cref="InvalidDataException">A picture cannot be read, or the checkpoint does not fit.</exception>
    /// <exception cref="IOException">The checkpoint cannot be written; the one before it stays.</exception>
    public string Train(
        Validation? validate, Action<EpochReport>? onEpoch, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (IsFinished)
        {
            return TrainedModel.Digest(ModelFolder);
        }

        Directory.CreateDirectory(folder);
        (TrainingPictures fit, PictureSet? heldOut) = options.HoldOut == 0 ? (pictures, null) : pictures.HoldOut(options.HoldOut);
        using var trainer = new Trainer(options, fit);
        if (HasCheckpoint)
        {
            Checkpoint.Read(CheckpointPath, trainer, pictures.SplitDigest);
        }

        // An epoch's line is written before its checkpoint: lines beyond the checkpoint are of an epoch that is trained again.
        EpochReport[] kept = [.. Reports().Where(report => report.Epoch <= trainer.EpochsDone)];
        File.WriteAllLines(MetricsPath, kept.Select(report => report.ToJson()));
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
