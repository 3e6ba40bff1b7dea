using System.CommandLine;
using System.CommandLine.Invocation;
using Dpfah.Engine.Hosting;

namespace Dpfah.Cli;

/// <summary>The program from its arguments to its exit code.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command that the arguments name.</summary>
    /// <param name="arguments">What stands behind the program's name.</param>
    /// <param name="output">Results, for people and programs.</param>
    /// <param name="error">Messages and progress.</param>
    /// <param name="addEncoding">Registers the seam between pictures and codes.</param>
    /// <param name="cancellationToken">Stops the command, as Ctrl+C does.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, TextWriter output, TextWriter error, AddEncoding addEncoding, CancellationToken cancellationToken = default)
    {
        var root = new RootCommand("Dpfah: search by picture with deep binary codes.")
        {
            EncodeCommand.Create(addEncoding),
            SearchCommand.Create(addEncoding),
            ImportCommand.Create(addEncoding),
            TrainCommand.Create(),
            EvaluateCommand.Create(),
            ReproduceCommand.Create(),
            ExportCommand.Create(),
            ImportWeightsCommand.Create(),
            KeysCommand.Create(),
        };

        // No response files: a picture may well be called @2x.png.
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (Misspelling.OptionOf(parsed) is string wrong)
        {
            Command command = parsed.CommandResult.Command;
            error.WriteLine(
                $"There is no option '{wrong}'. Did you mean {Misspelling.Nearest(wrong, command.Options.Select(o => o.Name))}? " +
                $"`dpfah {command.Name} --help` lists all.");
            return ExitCode.Usage;
        }

        if (parsed.Action is ParseErrorAction wrongUsage)
        {
            // Standard output may be a pipe that expects results: it gets nothing.
            wrongUsage.ShowHelp = arguments.Count == 0;
            await parsed.InvokeAsync(new InvocationConfiguration { Output = error, Error = error }, cancellationToken);
            return ExitCode.Usage;
        }

        try
        {
            var console = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
            return await parsed.InvokeAsync(console, cancellationToken);
        }
        catch (CommandException failure)
        {
            error.WriteLine($"dpfah: {failure.Message}");
            return DiskSpace.IsFull(failure) ? ExitCode.DiskFull : ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }
}
