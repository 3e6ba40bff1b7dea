using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>The tests' host as it was, built from the repository's history.</summary>
internal static class PreviousBuild
{
    /// <summary>The last commit before collections could be spread over nodes; <c>DPFAH_PREVIOUS_COMMIT</c> names another one.</summary>
    public static string Commit { get; } = Named("afd8144");

    /// <summary>A commit whose nodes ask one another for one shard at a time; <c>DPFAH_PREVIOUS_COMMIT</c> names another one.</summary>
    public static string ShardedCommit { get; } = Named("2a0d59e");

    /// <summary>Builds it, unless it was built before.</summary>
    /// <returns>Path of the assembly.</returns>
    public static async Task<string> MakeAsync(string commit)
    {
        string source = Repository.PathOf($"artifacts/previous/{commit}");
        if (!Directory.Exists(source))
        {
            await Command.RunAsync(Repository.Root, "git", "worktree", "prune");
            await Command.RunAsync(Repository.Root, "git", "worktree", "add", "--detach", source, commit);
        }

        await Command.RunAsync(source, "dotnet", "build", "tests/Dpfah.TestHost", "-c", "Release", "-m:1", "--nologo", "-v", "quiet");
        return Directory.GetFiles(Path.Combine(source, "tests/Dpfah.TestHost/bin/Release"), "Dpfah.TestHost.dll", SearchOption.AllDirectories).Single();
    }
    private static string Named(string commit) => Environment.GetEnvironmentVariable("DPFAH_PREVIOUS_COMMIT") is { Length: > 0 } named ? named : commit;
}
