using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>The audit of <c>.ci/run</c> fails on an advisory that nobody has explained.</summary>
public sealed class DependencyAuditTests
{
    [Theory]
    [InlineData("", 0, "0 advisories without a reason")]
    [InlineData("\"vulnerabilities\":[{\"severity\":\"High\",\"advisoryurl\":\"https://github.com/advisories/GHSA-zzzz-zzzz-zzzz\"}]", 1, "unknown: https://github.com/advisories/GHSA-zzzz-zzzz-zzzz")]
    public async Task An_advisory_needs_a_reason(string vulnerabilities, int code, string told)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder["report.json"], $$"""{"version":1,"projects":[{"frameworks":[{"topLevelPackages":[{"id":"A","resolvedVersion":"1.0.0",{{vulnerabilities}}}]}]}]}""");

        CommandResult result = await Command.TryRunAsync(null, null, Repository.PathOf(".ci/audit"), ["--report", folder["report.json"]]);

        Assert.Equal((code, ""), (result.ExitCode, result.Error));
        Assert.Contains(told, result.Output, StringComparison.Ordinal);
    }
}
