using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary><c>dpfah</c> as it is built, with the real network, in processes of its own: libtorch's threads and random numbers belong to a process.</summary>
internal static class DpfahProgram
{
    private static readonly string Dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    // Of the same configuration as this test's own output: …/tests/X/bin/CONFIGURATION/net10.0[/RID]/
    public static readonly string Assembly = Directory.EnumerateFiles(
        Repository.PathOf($"src/Dpfah.Cli/bin/{(AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug")}/net10.0"),
        "dpfah.dll",
        SearchOption.AllDirectories).First(path => !path.Contains("/ref", StringComparison.Ordinal));

    /// <summary>Runs a command to its end.</summary>
    public static Task<CommandResult> RunAsync(params IEnumerable<string> arguments) =>
        Command.TryRunAsync(null, null, Dotnet, [Assembly, .. arguments]);

    /// <summary>Runs a command that has to succeed.</summary>
    /// <returns>What it wrote to standard output.</returns>
    public static Task<string> SucceedAsync(params IEnumerable<string> arguments) => Command.RunAsync(null, Dotnet, [Assembly, .. arguments]);

    /// <summary>Runs a command that has to fail with a sentence of its own.</summary>
    /// <returns>The sentence.</returns>
    public static async Task<string> FailAsync(params IEnumerable<string> arguments) => Sentence(await RunAsync(arguments));

    /// <summary>Runs a command in a shell, after some words of the shell.</summary>
    /// <param name="words">Such as <c>ulimit -f 40000</c>.</param>
    /// <param name="arguments">The arguments.</param>
    public static Task<CommandResult> RunAfterAsync(string words, params IEnumerable<string> arguments) =>
        Command.TryRunAsync(null, null, "bash", ["-c", $"{words}; exec \"$@\"", "bash", Dotnet, Assembly, .. arguments]);

    /// <summary>Runs a command whose standard input is a pipe, closed when another command ends.</summary>
    /// <param name="before">The other command, such as <c>sleep 3</c>.</param>
    /// <param name="arguments">The arguments.</param>
    public static Task<CommandResult> RunBehindAsync(string before, params IEnumerable<string> arguments) =>
        Command.TryRunAsync(null, null, "bash", ["-c", $"set -o pipefail; {before} | \"$@\"", "bash", Dotnet, Assembly, .. arguments]);

    /// <summary>Starts a command.</summary>
    public static ServiceProcess Start(params IEnumerable<string> arguments) => ServiceProcess.Start(Dotnet, [Assembly, .. arguments]);

    /// <summary>The sentence that a failed command ends with.</summary>
    public static string Sentence(CommandResult result)
    {
        Assert.Equal(1, result.ExitCode);
        string last = result.Error.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("dpfah: ", last, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return last;
    }
}
