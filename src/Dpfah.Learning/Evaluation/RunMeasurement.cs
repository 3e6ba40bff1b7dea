using System.Reflection;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Evaluation;

/// <summary>Measures the finished model of a run, and the one that it started from, and writes numbers and figures.</summary>
public static class RunMeasurement
{
    /// <summary>Name of the folder in that of the run.</summary>
    public const string FolderName = "result";

    /// <summary>Name of the file with all metrics and curves.</summary>
    public const string EvaluationName = "evaluation.json";

    private const string ParentTitle = "before";

    /// <summary>Measures a run; what an earlier measurement left is replaced.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <param name="run">Its options.</param>
    /// <param name="split">Its pictures. Pictures without a label are left out; without queries or database there are no metrics.</param>
    /// <param name="counts">Sizes of the parts of the split.</param>
    /// <param name="progress">Told what is done, and how much of it.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <exception cref="InvalidDataException">The run is not finished, or a file is damaged.</exception>
    public static RunResult Run(
        string folder,
        RunFile run,
        EvaluationSplit split,
        IReadOnlyDictionary<string, int> counts,
        IProgress<(string Step, double Done)>? progress,
        CancellationToken cancellationToken)
    {
        string model = Path.Combine(folder, TrainingRun.ModelFolderName);
        string target = Path.Combine(folder, FolderName);
        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        var figures = new ResultFigures(target);
        EpochReport[] epochs = [.. EpochReport.ReadFile(Path.Combine(folder, TrainingRun.MetricsName))];
        string name = ModelTitle(run);
        if (epochs.Length > 0)
        {
            figures.Training(name, epochs);
        }

        split = split with { Training = Labelled(split.Training), Queries = Labelled(split.Queries), Database = Labelled(split.Database) };
        ModelMetrics? metrics = null;
        ModelMetrics? before = null;
        List<string> warnings = [.. split.Warnings];
        if (split.Queries.Count > 0 && split.Database.Count > 0)
        {
            using (TrainedModel trained = run.OpenModel(folder))
            {
                metrics = ModelMetrics.Of(name, trained, run.Fit ?? run.Training.Method, TrainedModel.Digest(model), split, progress, cancellationToken);
            }

            if (run.OpenParent(folder) is { } parent)
            {
                using TrainedModel started = TrainedModel.Open(parent, run.Training.Device);
                before = ModelMetrics.Of(ParentTitle, started, parent.Head.Description.Method, parent.Digest, split, progress, cancellationToken);
            }

            figures.Curves(before is null ? [metrics] : [metrics, before]);
            figures.Embedding(metrics, split.Queries);
            figures.FirstResults(metrics, split.Queries, split.Database);
            File.WriteAllText(Path.Combine(target, EvaluationName), $"{metrics.Report.ToJson()}\n");
            TrainedModel.WriteMetrics(model, metrics.Values);
        }
        else
        {
            warnings.Add("There are no labelled pictures left to measure with: queries and database need some.");
        }

        var result = new RunResult
        {
            Digest = TrainedModel.Digest(model),
            Metrics = metrics?.Values ?? new Dictionary<string, double>(),
            ParentMetrics = before?.Values,
            Counts = counts,
            Epochs = epochs,
            Figures = figures.Names,
            Warnings = warnings,
            CodeVersion = typeof(RunMeasurement).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            Split = split.Digest,
        };
        result.Write(target);
        return result;
    }

    private static string ModelTitle(RunFile run) => run.Fit?.ToUpperInvariant() ?? Losses.HashingMethod.Named(run.Training.Method).Title;

    private static PictureSet Labelled(PictureSet pictures) =>
        pictures.Subset(Enumerable.Range(0, pictures.Count).Where(i => pictures.LabelsOf(i).Count > 0));
}
