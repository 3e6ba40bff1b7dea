using System.Text.RegularExpressions;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>Which files name what opens the queries. That training cannot reach them is shown by types and calls, in the tests of Learning.</summary>
public sealed partial class QueryAccessTests
{
    [Fact]
    public void Only_what_evaluates_opens_the_queries()
    {
        string[] files = [.. Files("src").Where(file => Opens().IsMatch(File.ReadAllText(file))).Select(file => Path.GetFileName(file)!)];
        Assert.Equal(
            [
                "CellFolder.cs", "DatasetReader.cs", "EvaluationSplit.cs", "ModelEvaluation.cs", "ModelMetrics.cs", "Pictures.cs", "Reproducer.cs",
                "ResultPanel.cs", "RunEvaluation.cs", "RunMeasurement.cs", "SplitManifest.cs", "TrainingWork.cs",
            ],
            files.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    [GeneratedRegex(@"\bOpenQueries\b|\bEvaluationSplit\b")]
    private static partial Regex Opens();
}
