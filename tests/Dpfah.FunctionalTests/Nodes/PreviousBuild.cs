using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>The tests' host as it was before collections could be spread over nodes, built from the repository's history.</summary>
internal static class PreviousBuild
{
    /// <summary>The commit of which it is built; <c>DPFAH_PREVIOUS_COMMIT</c> names another one.</summary>
    public static string Commit { get; } = Environment.GetEnvironmentVariable("DPFAH_PREVIOUS_COMMIT") is { Length: > 0 } named ? named : "afd8144";

    /// <summary>Builds it, unless it was built before.</summary>
    /// <returns>Path of the assembly.</returns>
    public static async Task<string> MakeAsync()
    {
        string source = Repository.PathOf($"artifacts/previous/{Commit}");
        if (!Directory.Exists(source))
        {
            await Command.RunAsync(Repository.Root, "git", "worktree", "prune");
            await Command.RunAsync(Repository.Root, "git", "worktree", "add", "--detach", source, Commit);
        }

        await Command.RunAsync(source, "dotnet", "build", "tests/Dpfah.TestHost", "-c", "Release", "-m:1", "--nologo", "-v", "quiet");
        return Directory.GetFiles(Path.Combine(source, "tests/Dpfah.TestHost/bin/Release"), "Dpfah.TestHost.dll", SearchOption.AllDirectories).Single();
    }
}
