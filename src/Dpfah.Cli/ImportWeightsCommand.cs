using System.CommandLine;
using Dpfah.Learning.Models;

namespace Dpfah.Cli;

/// <summary><c>dpfah import-weights</c>: makes a backbone file of a PyTorch checkpoint that the operator has on disk.</summary>
internal static class ImportWeightsCommand
{
    public static Command Create()
    {
        var checkpoint = new Argument<FileInfo>("CHECKPOINT.pth")
        {
            Description = "State dict of torchvision's resnet18, as torch.save writes it. It is a pickle: take it only from a source you trust.",
        }.AcceptExistingOnly();
        var target = new Argument<FileInfo>("BACKBONE.safetensors") { Description = "File to write." };
        var command = new Command("import-weights", "Makes a backbone file of a PyTorch checkpoint of torchvision's resnet18.") { checkpoint, target };
        command.SetAction(parsed =>
        {
            try
            {
                string digest = TorchvisionCheckpoint.Convert(parsed.GetRequiredValue(checkpoint).FullName, parsed.GetRequiredValue(target).FullName);
                parsed.InvocationConfiguration.Output.WriteLine($"{digest}  {parsed.GetRequiredValue(target)}");
                return ExitCode.Success;
            }
            catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"The checkpoint cannot be imported: {error.Message}", error);
            }
        });
        return command;
    }
}
