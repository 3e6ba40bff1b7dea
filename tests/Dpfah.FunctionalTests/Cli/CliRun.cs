using Dpfah.Api.Hosting;
using Dpfah.Cli;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>One run of <c>dpfah</c> in this process, with the constant-time encoder in place of the network.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<CliRun> Of(params string[] arguments) => Of(arguments, CancellationToken.None);

    public static async Task<CliRun> Of(string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int exitCode = await CommandLine.RunAsync(
            arguments,
            output,
            error,
            (services, settings) => HashEncoding.Add(services, new ServiceOptions { Decoder = settings.Decoder }),
            cancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }
}
