using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary><c>dpfah train</c>: trains a network on a data set, in a folder from which a broken-off run goes on.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var output = new Option<string>("--output", "-o") { Description = "Folder of the run: run.json, split/, metrics.jsonl (a line an epoch), checkpoint.safetensors, at last model/.", HelpName = "FOLDER", Required = true };
        var config = new Option<FileInfo>("--config") { Description = "run.json of a run to repeat in another folder; options given beside it come first.", HelpName = "RUN.json" }.AcceptExistingOnly();
        var resume = new Option<bool>("--resume") { Description = "Go on with a broken-off run in the folder from its last epoch, by its own options, to the weights of an unbroken one." };
        var progress = new Option<string>("--progress") { Description = "bar (default), json (a line a report, on standard output) or none.", HelpName = "FORM", DefaultValueFactory = _ => "bar" };
        progress.AcceptOnlyFromAmong("bar", "json", "none");
        var command = new Command("train", "Trains a hashing network on a data set.") { output, config, resume, progress };
        var dataset = new DatasetArguments(command, "needed unless --config or --resume names a run");
        var training = new TrainingArguments(command, choosesMethod: true);
        command.Validators.Add(result =>
        {
            if (result.GetValue(resume) && result.GetResult(config) is not null)
            {
                result.AddError("--resume goes on by the options of the folder; it takes no --config.");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            string folder = parsed.GetRequiredValue(output);
            bool goOn = parsed.GetValue(resume);
            if (goOn && (training.AnyGiven(parsed) || dataset.AnyGiven(parsed)))
            {
                throw new CommandException("--resume goes on by the options of the folder; give no others beside it.");
            }

            string path = Path.Combine(folder, RunFile.FileName);
            RunFile run = LearningErrors.Tell(() => goOn
                ? RunFile.Read(path)
                : New(parsed, dataset, training, parsed.GetValue(config)));
            if (run.Fit is not null)
            {
                throw new CommandException(
                    $"This run is of {run.Fit}, a hash layer fitted without labels: `dpfah reproduce` makes it, `dpfah train` trains networks.");
            }

            // Options that fail before the first epoch may be corrected in the same folder.
            if (!goOn && (TrainingRun.HasBegun(folder) || TrainedModel.Exists(Path.Combine(folder, TrainingRun.ModelFolderName))))
            {
                throw new CommandException($"'{folder}' holds a run already: go on with it by --resume, or choose another folder.");
            }

            return Task.Run(() => Train(folder, run, parsed.GetRequiredValue(progress), parsed.InvocationConfiguration, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static RunFile New(ParseResult parsed, DatasetArguments dataset, TrainingArguments training, FileInfo? config)
    {
        RunFile? repeated = config is null ? null : RunFile.Read(config.FullName);
        string name = dataset.Name(parsed) ?? repeated?.Dataset
            ?? throw new CommandException($"Name a data set by --dataset: {DatasetCatalogue.Names}.");
        DatasetArguments.Entry(name);
        bool same = repeated?.Dataset == name;
        TrainingOptions defaults = repeated?.Training ?? new TrainingOptions
        {
            Augmentation = DatasetArguments.Entry(name).Protocol.CropAndFlip ? Augmentation.CropAndFlip : Augmentation.None,
            Threads = Environment.ProcessorCount,
        };
        return new RunFile
        {
            Dataset = name,
            Data = dataset.Folder(parsed) ?? (same ? repeated?.Data : null),
            Split = dataset.Rule(parsed, name, same ? repeated?.Split : null),
            Fit = repeated?.Fit,
            Training = training.Read(parsed, defaults),
        };
    }

    private static int Train(string folder, RunFile run, string form, InvocationConfiguration console, CancellationToken cancellationToken) => LearningErrors.Tell(() =>
    {
        SplitManifest manifest = DatasetCatalogue.Find(run.Dataset).OpenSplit(run.SplitFolderOf(folder), run.Data, run.Split);
        using IDisposable mine = RunLock.TryTake(folder)
            ?? throw new CommandException($"Another process trains in '{folder}': wait for its end, or choose another folder.");
        run.Write(folder);
        foreach (string warning in manifest.Warnings)
        {
            console.Error.WriteLine($"dpfah: {warning}");
        }

        TrainingPictures pictures = manifest.OpenTraining();
        var training = new TrainingRun(folder, run.Training, pictures);
        console.Error.WriteLine(
            $"{run.Training.Method}, {run.Training.Bits} bits, {pictures.Pictures.Count} pictures of {manifest.Dataset.Name}, split {manifest.Digest[..12]}" +
            (training.HasCheckpoint ? ", from its checkpoint" : ""));
        string digest = TrainingDisplay.Run(console, form == "bar", display => training.Train(
            ModelEvaluation.OnHeldOut,
            report =>
            {
                if (form == "json")
                {
                    console.Output.WriteLine(report.ToJson());
                    console.Output.Flush();
                }
                else if (form == "bar")
                {
                    display.EpochDone(report);
                }
            },
            form == "json" ? new JsonProgress(console.Output) : display,
            cancellationToken));
        console.Output.WriteLine(form == "json"
            ? JsonSerializer.Serialize(new { model = training.ModelFolder, digest })
            : string.Create(CultureInfo.InvariantCulture, $"{digest}  {training.ModelFolder}"));
        return ExitCode.Success;
    });

    private sealed class JsonProgress(TextWriter output) : IProgress<TrainingProgress>
    {
        private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

        public void Report(TrainingProgress value)
        {
            output.WriteLine(JsonSerializer.Serialize(new { progress = value }, Json));
            output.Flush();
        }
    }
}
