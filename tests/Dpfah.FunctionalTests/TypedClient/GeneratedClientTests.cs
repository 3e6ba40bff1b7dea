using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.TypedClient;

/// <summary>The client is what the generator makes of the committed document, and of nothing else.</summary>
public sealed class GeneratedClientTests
{
    [Fact]
    public async Task The_client_is_what_the_document_gives()
    {
        using var folder = new TemporaryFolder();
        await Command.RunAsync(Repository.Root, Repository.PathOf("src/Dpfah.Client/generate.sh"), folder["generated"]);

        Dictionary<string, string> made = Read(folder["generated"]);
        Dictionary<string, string> committed = Read(Repository.PathOf("src/Dpfah.Client/Generated"));

        Assert.True(made.Count > 100, $"Only {made.Count} files.");
        string[] other = [.. made.Keys.Union(committed.Keys).Where(file => made.GetValueOrDefault(file) != committed.GetValueOrDefault(file)).Order()];
        Assert.True(other.Length == 0, $"Run src/Dpfah.Client/generate.sh and commit what it changes; other than the document says: {string.Join(", ", other)}");
    }

    private static Dictionary<string, string> Read(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(folder, file), file => File.ReadAllText(file).ReplaceLineEndings("\n"), StringComparer.Ordinal);
}
