using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary>A run of <c>dpfah train</c> from its options to its model: what is told of it, and in which form.</summary>
/// <remarks>
/// In JSON each line of standard output is one object: <c>{"state": …}</c> when another stage begins, <c>{"progress": …}</c> after a batch,
/// <c>{"step": …, "done": share}</c> in stages without epochs, an <see cref="EpochReport"/> (it has <c>epochs</c>), and in the end
/// <c>{"model": folder, "digest": …}</c>, with <c>"result"</c>, the folder of numbers and figures, where it was asked for.
/// </remarks>
internal sealed class TrainingWork(string folder, RunFile run, bool measure, string form, InvocationConfiguration console)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private bool IsJson => form == "json";

    /// <summary>Trains, or fits, and measures.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public int Run(CancellationToken cancellationToken) => LearningErrors.Tell(() =>
    {
        State("loading");
        SplitManifest manifest = DatasetCatalogue.Find(run.Dataset).OpenSplit(run.SplitFolderOf(folder), run.Data, run.Split);
        using IDisposable mine = RunLock.TryTake(folder)
            ?? throw new CommandException($"Another process trains in '{folder}': wait for its end, or choose another folder.");
        run.Write(folder);
        foreach (string warning in manifest.Warnings)
        {
            console.Error.WriteLine($"dpfah: {warning}");
        }

        string digest = TrainingDisplay.Run(console, form == "bar", display => Make(manifest, display, cancellationToken));
        string model = Path.Combine(folder, TrainingRun.ModelFolderName);
        string? result = measure ? Measure(manifest, cancellationToken) : null;
        if (IsJson)
        {
            Tell(result is null ? new { model, digest } : new { model, digest, result });
        }
        else
        {
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{digest}  {model}"));
        }

        return ExitCode.Success;
    });

    private string Make(SplitManifest manifest, TrainingDisplay display, CancellationToken cancellationToken)
    {
        TrainingPictures pictures = manifest.OpenTraining();
        ParentModel? parent = run.OpenParent(folder);
        string about = $"{run.Training.Bits} bits, {pictures.Pictures.Count} pictures of {manifest.Dataset.Name}, split {manifest.Digest[..12]}";
        if (run.Fit is string method)
        {
            console.Error.WriteLine($"{method}, {about}");
            State("fitting");
            string model = Path.Combine(folder, TrainingRun.ModelFolderName);
            return TrainedModel.Exists(model)
                ? TrainedModel.Digest(model)
                : UnsupervisedModel.Fit(method, run.Training, pictures, model, cancellationToken, parent, run.Name, share => Step(display, ("Computing features", share)));
        }

        var training = new TrainingRun(folder, run.Training, pictures, parent, run.Name);
        console.Error.WriteLine($"{run.Training.Method}, {about}{(training.HasCheckpoint ? ", from its checkpoint" : "")}");
        State("training");
        return training.Train(
            ModelEvaluation.OnHeldOut,
            report =>
            {
                if (IsJson)
                {
                    Write(report.ToJson());
                }
                else if (form == "bar")
                {
                    display.EpochDone(report);
                }
            },
            IsJson ? new Lines<TrainingProgress>(value => Tell(new { progress = value })) : display,
            cancellationToken);
    }

    private string Measure(SplitManifest manifest, CancellationToken cancellationToken)
    {
        State("measuring");
        TrainingPictures training = manifest.OpenTraining();
        var split = new EvaluationSplit(
            manifest.OpenQueries($"measure {Path.GetFileName(Path.GetFullPath(folder))}"),
            manifest.OpenDatabase(),
            training.Pictures,
            Cuts: [],
            manifest.Digest,
            manifest.Warnings);
        var counts = new Dictionary<string, int>
        {
            ["train"] = training.Pictures.Count,
            ["validation"] = training.Validation?.Count ?? 0,
            ["query"] = manifest.Counts.Query,
            ["database"] = manifest.Counts.Database,
            ["classes"] = manifest.Dataset.ClassNames.Count,
        };
        RunResult result = TrainingDisplay.Run(console, form == "bar", display => RunMeasurement.Run(
            folder, run, split, counts, new Lines<(string, double)>(value => Step(display, value)), cancellationToken));
        foreach (string warning in result.Warnings)
        {
            console.Error.WriteLine($"dpfah: {warning}");
        }

        return Path.Combine(folder, RunMeasurement.FolderName);
    }

    private void State(string state)
    {
        if (IsJson)
        {
            Tell(new { state });
        }
    }

    private void Step(TrainingDisplay display, (string Step, double Done) value)
    {
        if (IsJson)
        {
            Tell(new { step = value.Step, done = Math.Round(value.Done, 4) });
        }
        else
        {
            display.Report(value);
        }
    }

    private void Tell(object line) => Write(JsonSerializer.Serialize(line, Json));

    private void Write(string line)
    {
        console.Output.WriteLine(line);
        console.Output.Flush();
    }

    /// <summary>Told at once and on the caller's thread, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Lines<T>(Action<T> tell) : IProgress<T>
    {
        public void Report(T value) => tell(value);
    }
}
