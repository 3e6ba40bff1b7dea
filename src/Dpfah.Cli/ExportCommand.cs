using System.CommandLine;
using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary><c>dpfah export</c>: copies the model of a run into a folder of its own, in half precision where that is wanted.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<DirectoryInfo>("RUN") { Description = "Folder of a finished run." }.AcceptExistingOnly();
        var target = new Argument<string>("FOLDER") { Description = "Folder to write: run.json and model/, the two files that a service loads; `dpfah evaluate FOLDER` measures them." };
        var half = new Option<bool>("--half") { Description = "Filters of convolutions in 16 bits; all else stays as it is. Codes differ a little: measure them anew." };
        var command = new Command("export", "Copies the model of a run, whole or in half precision.") { run, target, half };
        command.SetAction(parsed => LearningErrors.Tell(() =>
        {
            string source = parsed.GetRequiredValue(run).FullName;
            string folder = parsed.GetRequiredValue(target);
            RunFile file = RunFile.Read(Path.Combine(source, RunFile.FileName));
            if (file.Fit is not null || !TrainedModel.IsForServices(file.Training))
            {
                throw new CommandException($"'{source}' is no training of a network that a service can load.");
            }

            if (File.Exists(Path.Combine(folder, RunFile.FileName)))
            {
                throw new CommandException($"'{folder}' holds a run already: choose another folder.");
            }

            string digest = TrainedModel.Export(
                Path.Combine(source, TrainingRun.ModelFolderName), Path.Combine(folder, TrainingRun.ModelFolderName), parsed.GetValue(half));
            (file with { SplitFolder = new RunFile { Dataset = file.Dataset }.SplitFolder }).Write(folder);
            parsed.InvocationConfiguration.Output.WriteLine($"{digest}  {folder}");
            return ExitCode.Success;
        }));
        return command;
    }
}
