using System.Diagnostics;

namespace Dpfah.Learning.Tests.Native;

/// <summary>Asks the build of this repository, as a developer does: <c>dotnet msbuild</c>.</summary>
internal static class DotnetBuild
{
    /// <summary>The folder of Dpfah.sln.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Runs <c>dotnet msbuild</c> in the repository.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", "-nologo", "-m:1", "-nodeReuse:false", .. arguments])
        {
            WorkingDirectory = Repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet msbuild {string.Join(' ', arguments)}: {output}{await errors}");
        return output;
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Dpfah.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No Dpfah.sln above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }
}
