using System.Text.Json;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Reproduction;

/// <summary>The folder of a cell: its options, its curves, what was measured, and its model as long as that is needed.</summary>
public sealed class CellFolder
{
    private const string EvaluationName = "evaluation.json";
    private const string PanelName = "panel.json";

    /// <summary>Looks at a folder, which need not exist.</summary>
    public CellFolder(string cells, Cell cell)
    {
        Cell = cell;
        Folder = Path.Combine(cells, cell.Name);
    }

    /// <summary>What is done here.</summary>
    public Cell Cell { get; }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Folder of the model, where it was kept.</summary>
    public string ModelFolder => Path.Combine(Folder, "model");

    /// <summary>What was measured on the queries; null when nothing was yet.</summary>
    public EvaluationReport? Evaluation => ReadIfThere(EvaluationName, EvaluationReport.FromJson);

    /// <summary>The first results of some queries; null when nothing was measured yet.</summary>
    public ResultPanel? Panel => ReadIfThere(PanelName, ResultPanel.FromJson);

    /// <summary>The reports of the epochs.</summary>
    /// <exception cref="InvalidDataException">The file of the reports is damaged.</exception>
    public IReadOnlyList<EpochReport> Epochs => EpochReport.ReadFile(Path.Combine(Folder, TrainingRun.MetricsName));

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsDone => Cell.Kind == CellKind.Validation
        ? Epochs.Count == Cell.Options.Epochs && !File.Exists(Path.Combine(Folder, "checkpoint.safetensors"))
        : File.Exists(Path.Combine(Folder, EvaluationName));

    /// <summary>Refuses results of other options than the cell's. Threads and device may differ: they belong to a machine.</summary>
    /// <exception cref="InvalidDataException">The cell was done with other options; the message says which.</exception>
    public void ThrowIfOptionsDiffer()
    {
        string path = Path.Combine(Folder, RunFile.FileName);
        if (File.Exists(path))
        {
            TrainingOptions then = RunFile.Read(path).Training;
            string? differences = then.DifferencesTo(Cell.Options with { Threads = then.Threads, Device = then.Device });
            if (differences is not null)
            {
                throw new InvalidDataException($"The cell '{Folder}' is of other options: {differences}. Give those, or another --output.");
            }
        }
    }

    /// <summary>The whole network of a model that was kept, in evaluation mode; the caller owns it.</summary>
    /// <exception cref="InvalidDataException">The model is damaged.</exception>
    public DpfahNetwork OpenNetwork()
    {
        ModelFiles files = TrainedModel.Files(ModelFolder);
        ModelHead head = ModelHead.Read(files.HeadPath);
        (float[] classWeight, float[] classBias) = head.ClassLayer ?? (new float[ResNet18.FeatureLength], new float[1]);
        var network = new DpfahNetwork(BackboneFile.Load(files.BackbonePath, Cell.Options.EffectiveAttention), head.HashLayer.Bits, classBias.Length);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _ = network.HashLayer.weight.copy_(tensor(head.HashLayer.Weight.ToArray(), network.HashLayer.weight.shape));
        _ = network.HashLayer.bias!.copy_(tensor(head.HashLayer.Bias.ToArray()));
        _ = network.ClassLayer.weight.copy_(tensor(classWeight, network.ClassLayer.weight.shape));
        _ = network.ClassLayer.bias!.copy_(tensor(classBias));
        network.eval();
        return network;
    }

    /// <summary>Takes the cell for this process.</summary>
    /// <returns>Frees the cell when it is disposed of; null when another process has it.</returns>
    public IDisposable? TryLock() => RunLock.TryTake(Folder);

    /// <summary>
    /// Trains or fits what the cell needs, from where it was broken off. A cell that has begun keeps the threads and the device that it
    /// began with, those of its <c>run.json</c>: sums depend on them in their last bits.
    /// </summary>
    /// <param name="run">The cell's options, written into its folder where it has not begun.</param>
    /// <param name="pictures">What to train on.</param>
    /// <param name="onEpoch">Told after each epoch.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <returns>Digest of the model.</returns>
    public string Train(
        RunFile run, TrainingPictures pictures, Action<EpochReport>? onEpoch, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (Cell.Kind == CellKind.Unsupervised)
        {
            run.Write(Folder);
            return UnsupervisedModel.Fit(Cell.Method, Cell.Options, pictures, ModelFolder, cancellationToken);
        }

        TrainingOptions options = Cell.Options;
        var training = new TrainingRun(Folder, options, pictures);
        if (training.HasCheckpoint || training.IsFinished)
        {
            TrainingOptions begun = RunFile.Read(Path.Combine(Folder, RunFile.FileName)).Training;
            options = options with { Threads = begun.Threads, Device = begun.Device };
            training = new TrainingRun(Folder, options, pictures);
        }
        else
        {
            run.Write(Folder);
        }

        string digest = training.Train(ModelEvaluation.OnHeldOut, onEpoch, progress, cancellationToken);
        if (Cell.Kind == CellKind.Validation)
        {
            Directory.Delete(ModelFolder, recursive: true);
        }

        return digest;
    }

    /// <summary>Measures the model on the queries and writes what came of it; the model goes where no figure needs it.</summary>
    public EvaluationReport Evaluate(
        string digest, EvaluationSplit split, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken)
    {
        EvaluationReport report;
        using (TrainedModel model = RunFile.Read(Path.Combine(Folder, RunFile.FileName)).OpenModel(Folder))
        {
            (report, EncodedPictures queries, EncodedPictures database) =
                ModelEvaluation.Run(model, Cell.Method, digest, split, Cell.MeasuresPreviews, progress, cancellationToken);
            Write(PanelName, ResultPanel.Of(split, queries, database).ToJson());
        }

        Write(EvaluationName, report.ToJson());
        if (!Cell.KeepsModel)
        {
            Directory.Delete(ModelFolder, recursive: true);
        }

        return report;
    }

    private void Write(string name, string text) => AtomicFile.Write(Path.Combine(Folder, name), stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write($"{text}\n");
    });

    private T? ReadIfThere<T>(string name, Func<string, T> read)
        where T : class
    {
        string path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return read(File.ReadAllText(path));
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"'{path}' is damaged: {error.Message} Remove it to measure the cell anew.", error);
        }
    }
}
