using System.CommandLine;
using System.Globalization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary>Measures the model of a run on the queries of its split.</summary>
internal static class RunEvaluation
{
    private const string FileName = "evaluation.json";

    /// <summary>Hashes the split, prints the figures and writes them into the folder of the run.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    /// <exception cref="CommandException">There is no finished run, or its data set is not there.</exception>
    public static int Run(
        string folder, bool previews, IReadOnlyList<int> cuts, FileInfo? json, InvocationConfiguration console, CancellationToken cancellationToken) => LearningErrors.Tell(() =>
    {
        RunFile run = RunFile.Read(Path.Combine(folder, RunFile.FileName));
        Learning.Native.TorchRuntime.Initialize(run.Training.Threads);
        using TrainedModel model = run.OpenModel(folder);
        SplitManifest manifest = DatasetCatalogue.Find(run.Dataset).OpenSplit(run.SplitFolderOf(folder), run.Data, run.Split);
        foreach (string warning in manifest.Warnings)
        {
            console.Error.WriteLine($"dpfah: {warning}");
        }

        if (manifest.Counts.Query == 0)
        {
            throw new CommandException($"The split in '{manifest.Folder}' has no queries: there is nothing to measure. Train with --queries-per-class 1 or more in another folder.");
        }

        var split = new EvaluationSplit(
            manifest.OpenQueries($"evaluate {Path.GetFileName(Path.GetFullPath(folder))}"),
            manifest.OpenDatabase(),
            manifest.OpenTraining().Pictures,
            cuts,
            manifest.Digest,
            manifest.Warnings);
        string digest = TrainedModel.Digest(Path.Combine(folder, TrainingRun.ModelFolderName));
        EvaluationReport report = TerminalProgress.RunAsync(console.Error, wanted: true, progress => Task.FromResult(
            ModelEvaluation.Run(model, run.Fit ?? run.Training.Method, digest, split, previews, progress, cancellationToken).Report)).GetAwaiter().GetResult();
        string file = json?.FullName ?? Path.Combine(folder, FileName);
        File.WriteAllText(file, $"{report.ToJson()}\n");
        CodesEvaluation.Write(console.Output, report.Retrieval, manifest.Dataset.ClassNames.Count);
        console.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"mAP of training pictures as queries {report.TrainingMap:0.0000}{(report.PreviewMap is double map ? $", by way of previews {map:0.0000}" : "")}; quantisation error {report.QuantizationError:0.000}."));
        console.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Mean distance within classes {report.Distances.Within:0.00} bits, between {report.Distances.Between:0.00}; distinct codes {report.Health.DistinctShare:P1}; balance {report.Health.Balance:0.00}."));
        string reads = manifest.QueryReads == 1 ? "once" : $"{manifest.QueryReads} times";
        console.Output.WriteLine($"The queries of this split were opened {reads} so far. All figures: {file}");
        return ExitCode.Success;
    });
}
