using System.CommandLine;
using Dpfah.Learning.Datasets;
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
        var name = new Option<string>("--name") { Description = "Name of the model (default: of method, data set and bits).", HelpName = "NAME" };
        var parent = new Option<DirectoryInfo>("--parent") { Description = "Folder of a model to start from: its backbone, and its hash layer where the bits agree.", HelpName = "FOLDER" }.AcceptExistingOnly();
        var measure = new Option<bool>("--measure") { Description = "In the end, measure the model (and the one it started from) on the queries of the split: numbers and figures in result/." };
        var endWithInput = new Option<bool>("--end-with-input") { Description = $"End at once, with code {ExitCode.Orphaned}, when standard input is closed: for a program that starts this one and may end first." };
        var progress = new Option<string>("--progress") { Description = "bar (default), json (a line a report, on standard output) or none.", HelpName = "FORM", DefaultValueFactory = _ => "bar" };
        progress.AcceptOnlyFromAmong("bar", "json", "none");
        var command = new Command("train", "Trains a hashing network on a data set, or fits a hash layer without labels.") { output, config, resume, name, parent, measure, progress, endWithInput };
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
            if (parsed.GetValue(endWithInput))
            {
                EndWithInput.Watch();
            }

            string folder = parsed.GetRequiredValue(output);
            bool goOn = parsed.GetValue(resume);
            if (goOn && (training.AnyGiven(parsed) || dataset.AnyGiven(parsed) || parsed.GetValue(name) is not null || parsed.GetValue(parent) is not null))
            {
                throw new CommandException("--resume goes on by the options of the folder; give no others beside it.");
            }

            string path = Path.Combine(folder, RunFile.FileName);
            RunFile run = LearningErrors.Tell(() => goOn
                ? RunFile.Read(path)
                : New(parsed, dataset, training, parsed.GetValue(config), parsed.GetValue(name), parsed.GetValue(parent)));

            // Options that fail before the first epoch may be corrected in the same folder.
            if (!goOn && (TrainingRun.HasBegun(folder) || TrainedModel.Exists(Path.Combine(folder, TrainingRun.ModelFolderName))))
            {
                throw new CommandException($"'{folder}' holds a run already: go on with it by --resume, or choose another folder.");
            }

            var work = new TrainingWork(folder, run, parsed.GetValue(measure), parsed.GetRequiredValue(progress), parsed.InvocationConfiguration);
            return Task.Run(() => work.Run(cancellationToken), cancellationToken);
        });
        return command;
    }

    private static RunFile New(
        ParseResult parsed, DatasetArguments dataset, TrainingArguments training, FileInfo? config, string? name, DirectoryInfo? parentFolder)
    {
        RunFile? repeated = config is null ? null : RunFile.Read(config.FullName);
        string datasetName = dataset.Name(parsed) ?? repeated?.Dataset
            ?? throw new CommandException($"Name a data set by --dataset: {DatasetCatalogue.Names}.");
        DatasetArguments.Entry(datasetName);
        bool same = repeated?.Dataset == datasetName;
        string? fit = training.NamesMethod(parsed) ? training.Fit(parsed) : repeated?.Fit;

        // In full: the run may be repeated from another folder.
        string? from = parentFolder?.FullName
            ?? (repeated?.Parent is string path ? Path.GetFullPath(path, Path.GetDirectoryName(config!.FullName)!) : null);
        ParentModel? parent = from is null ? null : ParentModel.Open(from);
        TrainingOptions defaults = repeated?.Training ?? new TrainingOptions
        {
            Augmentation = fit is null && DatasetArguments.Entry(datasetName).Protocol.CropAndFlip ? Augmentation.CropAndFlip : Augmentation.None,
            ImageSide = fit is null ? new TrainingOptions().ImageSide : parent?.Head.Description.Preprocessing.Crop ?? UnsupervisedModel.DefaultSide,
            Threads = Environment.ProcessorCount,
        };
        if (parent is not null)
        {
            defaults = defaults with { Parent = parent.Digest, Weights = TrainingOptions.OfParent };
        }

        return new RunFile
        {
            Dataset = datasetName,
            Data = dataset.Folder(parsed) ?? (same ? repeated?.Data : null),
            Split = dataset.Rule(parsed, datasetName, same ? repeated?.Split : null),
            Name = name ?? repeated?.Name,
            Parent = from,
            Fit = fit,
            Training = training.Read(parsed, defaults),
        };
    }
}
