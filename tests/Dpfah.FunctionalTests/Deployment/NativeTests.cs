using System.Diagnostics;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary><c>deploy/native.sh</c> reads the compose file as Compose does. That it starts nodes is seen by the tests of three nodes.</summary>
public sealed class NativeTests
{
    private readonly Dictionary<string, string> variables = new()
    {
        ["DPFAH_ADMIN_KEY"] = "0123456789abcdef0123",
        ["POSTGRES_PASSWORD"] = "a password with 'quotes'",
        ["DPFAH_DECODER"] = "imagesharp",
        ["DPFAH_CLUSTER_ADDRESS"] = "*:9101",
        ["DPFAH_RUN"] = "/tmp/run",
        ["DPFAH_NODE_PORT"] = "9001",
        ["DPFAH_POSTGRES"] = "Host=db.example;Port=5433",
    };

    [Fact]
    public async Task A_node_has_the_settings_of_the_compose_file()
    {
        CommandResult result = await RunAsync("settings", "2");
        Assert.True(result.ExitCode == 0, result.Error);
        Dictionary<string, string> settings = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

        Dictionary<string, string> expected = ComposeFile.Load(Repository.PathOf("docker-compose.yml"))["dpfah"].Environment
            .ToDictionary(pair => pair.Key, pair => ComposeFile.Interpolate(pair.Value, variables));
        expected["ASPNETCORE_URLS"] = "http://127.0.0.1:9002";
        expected["Dpfah__ClusterAddress"] = "*:9102";
        expected["Dpfah__DataFolder"] = "/tmp/run/node2";
        expected["ConnectionStrings__Dpfah"] = expected["ConnectionStrings__Dpfah"].Replace("Host=postgres;Port=5432", "Host=db.example;Port=5433", StringComparison.Ordinal);
        Assert.Equal(expected.OrderBy(pair => pair.Key), settings.OrderBy(pair => pair.Key));
    }

    [Fact]
    public async Task A_secret_that_is_missing_is_asked_for_by_the_words_of_the_compose_file()
    {
        variables["DPFAH_ADMIN_KEY"] = "";

        CommandResult result = await RunAsync("settings", "1");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("DPFAH_ADMIN_KEY: is not set. Without a key", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_has_the_number_of_a_node_that_has_ended_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        variables["DPFAH_RUN"] = folder.Path;
        using Process stranger = Process.Start("sleep", "60");
        try
        {
            await File.WriteAllTextAsync(folder["node1.pid"], $"{stranger.Id} 1\n");

            CommandResult result = await RunAsync("down");

            Assert.True(result.ExitCode == 0, result.Error);
            Assert.False(stranger.HasExited);
            Assert.False(File.Exists(folder["node1.pid"]));
        }
        finally
        {
            stranger.Kill();
        }
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => Command.TryRunAsync(
        null, variables.ToDictionary(pair => pair.Key, pair => (string?)pair.Value), Repository.PathOf("deploy/native.sh"), arguments);
}
