using System.Diagnostics;
using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Nodes;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary><c>deploy/native.sh</c> reads the compose file as Compose does, and starts, tells and ends what is in it.</summary>
[Collection(SharedNodes.Name)]
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

    [Fact]
    public async Task A_cluster_of_three_nodes_is_started_told_about_and_ended()
    {
        using var folder = new TemporaryFolder();
        int firstPort = FreePort.NextOf(3);
        variables.Remove("DPFAH_POSTGRES");
        variables.Remove("DPFAH_DECODER");
        variables["DPFAH_ADMIN_KEY"] = "a-key-of-the-test-of-native";
        variables["DPFAH_PROGRAM"] = HostProcess.TestAssembly;
        variables["DPFAH_RUN"] = folder.Path;
        variables["DPFAH_NODE_PORT"] = $"{firstPort}";
        variables["DPFAH_CLUSTER_ADDRESS"] = $"127.0.0.1:{FreePort.NextOf(3)}";
        variables["DPFAH_BALANCER_PORT"] = $"{FreePort.Next()}";
        variables["POSTGRES_PORT"] = $"{FreePort.Next()}";
        variables["POSTGRES_PASSWORD"] = "native";
        ApiClient[] nodes = [.. Enumerable.Range(firstPort, 3).Select(port => new ApiClient(new Uri($"http://127.0.0.1:{port}"), variables["DPFAH_ADMIN_KEY"]))];
        string[] ready = [.. Enumerable.Range(1, 3).Select(node => $"node {node}: ready at http://127.0.0.1:{firstPort + node - 1}")];
        CommandResult down;
        try
        {
            CommandResult up = await RunAsync("up", "3");
            Assert.True(up.ExitCode == 0, up.Output + up.Error);
            await Eventually.BecomesAsync(StatusAsync, found => Enumerable.SequenceEqual(found, ready), found => string.Join("; ", found));

            CollectionResponse made = (await nodes[0].SendJsonAsync(HttpMethod.Put, "/collections/many", """{"shards":3,"replicas":2}""")).Read<CollectionResponse>(HttpStatusCode.Created);
            Assert.Equal(6, made.Shards!.Items.Count);
            await AssertFindsAsync(nodes[1], (await nodes[0].AddAsync("many", "a", Pictures.Png(1))).Position!, "a");
            await AssertFindsAsync(nodes[2], (await nodes[1].AddAsync("many", "b", Pictures.Png(2))).Position!, "a", "b");

            using (Process third = Process.GetProcessById(int.Parse((await File.ReadAllTextAsync(folder["node3.pid"])).Split(' ')[0])))
            {
                third.Kill();
            }

            string[] ended = [.. ready[..2], "node 3: ended"];
            await Eventually.BecomesAsync(StatusAsync, found => Enumerable.SequenceEqual(found, ended), found => string.Join("; ", found));
            await AssertFindsAsync(nodes[0], (await nodes[1].AddAsync("many", "c", Pictures.Png(3))).Position!, "a", "b", "c");
            await AssertFindsAsync(nodes[1], (await nodes[0].AddAsync("many", "d", Pictures.Png(4))).Position!, "a", "b", "c", "d");
        }
        finally
        {
            down = await RunAsync("down");
            Array.ForEach(nodes, node => node.Dispose());
        }

        Assert.True(down.ExitCode == 0, down.Output + down.Error);
        Assert.Equal(["nothing runs"], await StatusAsync());
        Assert.False(File.Exists(folder["postgres/postmaster.pid"]));
        using var client = new HttpClient();
        foreach (int port in Enumerable.Range(firstPort, 3))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://127.0.0.1:{port}/health/live"));
        }
    }

    /// <summary>A node finds all pictures of the collection, once it knows it and no shard is missing.</summary>
    private static async Task AssertFindsAsync(ApiClient node, string position, params string[] ids)
    {
        Answer answer = await Eventually.BecomesAsync(
            () => node.SearchAsync(Pictures.Png(1), $"?k=10&collection=many&minPosition={position}"),
            found => found.Status == HttpStatusCode.OK && found.Read<SearchResponse>().Partial is null,
            found => found.Text);
        Assert.Equal(ids, answer.Read<SearchResponse>().Hits.Select(hit => hit.Id).Order(StringComparer.Ordinal));
    }

    /// <summary>What the script tells of nodes; of the balancer it tells where there is HAProxy.</summary>
    private async Task<string[]> StatusAsync()
    {
        CommandResult result = await RunAsync("status");
        Assert.True(result.ExitCode == 0, result.Error);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("balancer", StringComparison.Ordinal))];
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => Command.TryRunAsync(
        null, variables.ToDictionary(pair => pair.Key, pair => (string?)pair.Value), Repository.PathOf("deploy/native.sh"), arguments);
}
