using System.Text.RegularExpressions;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>What trains cannot look at the queries: no line of it names what opens them.</summary>
public sealed partial class QueryAccessTests
{
    [Fact]
    public void Nothing_that_trains_names_the_queries()
    {
        string[] files = [.. new[] { "Training", "Losses", "Networks" }.SelectMany(folder => Files($"src/Dpfah.Learning/{folder}"))];
        Assert.InRange(files.Length, 30, 100);
        Assert.DoesNotContain(files, file => Opens().IsMatch(File.ReadAllText(file)));
    }

    [Fact]
    public void Only_what_evaluates_opens_the_queries()
    {
        string[] files = [.. Files("src").Where(file => Opens().IsMatch(File.ReadAllText(file))).Select(file => Path.GetFileName(file)!)];
        Assert.Equal(
            ["CellFolder.cs", "EvaluationSplit.cs", "ModelEvaluation.cs", "Pictures.cs", "Reproducer.cs", "ResultPanel.cs", "RunEvaluation.cs", "SplitManifest.cs"],
            files.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    [GeneratedRegex(@"\bOpenQueries\b|\bEvaluationSplit\b")]
    private static partial Regex Opens();
}
