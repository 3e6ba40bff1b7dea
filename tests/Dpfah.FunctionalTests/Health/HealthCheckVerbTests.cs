using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Health;

/// <summary><c>healthcheck</c>, which container engines call.</summary>
public sealed class HealthCheckVerbTests
{
    [Fact]
    public async Task A_service_that_is_ready_is_healthy()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database);
        int port = service.Address.Port;

        foreach (CommandResult result in new[]
        {
            await RunAsync(["--urls", $"http://127.0.0.1:{port}"], []),
            await RunAsync([], new() { ["ASPNETCORE_URLS"] = $"http://*:{port};http://*:1" }),
            await RunAsync([], new() { ["ASPNETCORE_HTTP_PORTS"] = $"{port}" }),
        })
        {
            Assert.Equal((0, "ready: The service is ready."), (result.ExitCode, result.Output.Trim()));
        }
    }

    [Fact]
    public async Task A_service_that_is_not_ready_is_not_healthy_and_the_reason_is_told()
    {
        using var database = new SqliteTestDatabase();
        Directory.CreateDirectory(Path.Combine(database.DataFolder, "dpfah.db"));
        await using RunningService service = await RunningService.StartWithoutWaitingAsync(database);
        await Eventually.BecomesAsync(
            () => service.Client.GetAsync("/health/ready"), answer => answer.Text.Contains("SQLite Error", StringComparison.Ordinal));

        CommandResult result = await RunAsync(["--urls", service.Address.OriginalString], []);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("not ready: Waiting for the step 'database': SQLite Error", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_does_not_run_is_not_healthy()
    {
        CommandResult result = await RunAsync(["--urls", $"http://127.0.0.1:{FreePort.Next()}"], []);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("not ready: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static Task<CommandResult> RunAsync(string[] arguments, Dictionary<string, string?> environment)
    {
        environment.TryAdd("ASPNETCORE_URLS", null);
        return Command.TryRunAsync(null, environment, HostProcess.Dotnet, [HostProcess.ApiAssembly, "healthcheck", .. arguments]);
    }
}
