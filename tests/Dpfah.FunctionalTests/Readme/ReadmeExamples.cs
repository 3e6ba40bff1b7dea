using System.Text.RegularExpressions;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Readme;

/// <summary>The commands of the README that talk to the running demo.</summary>
internal static partial class ReadmeExamples
{
    private const string Address = "http://127.0.0.1:8080";

    /// <summary>The curl commands, in the order of the README, addressed to another service.</summary>
    public static IReadOnlyList<string> Read(Uri service) =>
        [.. CurlBlock().Matches(File.ReadAllText(Repository.PathOf("README.md")))
            .SelectMany(block => block.Groups["commands"].Value.ReplaceLineEndings("\n").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
            .Select(line => line.Trim())
            .Where(line => line.StartsWith("curl ", StringComparison.Ordinal))
            .Select(line => line.Replace(Address, service.OriginalString, StringComparison.Ordinal))];

    [GeneratedRegex("^```bash\n(?<commands>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CurlBlock();
}
