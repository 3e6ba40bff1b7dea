using System.Diagnostics;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>Runs a program to its end.</summary>
public static class Command
{
    /// <summary>Runs a program and returns what it wrote to standard output.</summary>
    /// <param name="workingFolder">Folder it starts in; null for this process's own.</param>
    /// <param name="program">Name or path of the program.</param>
    /// <param name="arguments">Its arguments, unquoted.</param>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message has all that it wrote.</exception>
    public static async Task<string> RunAsync(string? workingFolder, string program, params IEnumerable<string> arguments)
    {
        CommandResult result = await TryRunAsync(workingFolder, environment: null, program, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with code {result.ExitCode}.\n{result.Output}{result.Error}");
    }

    /// <summary>Runs a program whatever it ends with.</summary>
    /// <param name="workingFolder">Folder it starts in; null for this process's own.</param>
    /// <param name="environment">Variables set for it over this process's own; a null value removes one.</param>
    /// <param name="program">Name or path of the program.</param>
    /// <param name="arguments">Its arguments, unquoted.</param>
    public static async Task<CommandResult> TryRunAsync(
        string? workingFolder, IReadOnlyDictionary<string, string?>? environment, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingFolder ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CommandResult(process.ExitCode, await output, await error);
    }
}

/// <summary>How a program ended and what it wrote.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error);
