using Dpfah.Api.Collections;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Nodes of one cluster, each a process of its own, on one database.</summary>
internal sealed class ClusterNodes : IAsyncDisposable
{
    private readonly TestDatabase database;
    private readonly IReadOnlyDictionary<string, string?> settings;
    private readonly CutNetwork? network;
    private readonly int[] ports;
    private readonly ServiceProcess?[] processes;
    private readonly ApiClient?[] clients;

    private ClusterNodes(TestDatabase database, int count, IReadOnlyDictionary<string, string?> settings, CutNetwork? network)
    {
        (this.database, this.settings, this.network) = (database, settings, network);
        ports = [.. Enumerable.Range(0, count).Select(_ => FreePort.Next())];
        processes = new ServiceProcess?[count];
        clients = new ApiClient?[count];
    }

    /// <summary>Nodes, running or not.</summary>
    public int Count => ports.Length;

    /// <summary>How long a search waits for a shard on nodes that are started from now on; the service's default unless set.</summary>
    public TimeSpan? ShardTimeout { get; set; }

    /// <summary>The build of nodes that are started from now on; that of the tests unless set.</summary>
    public string? Program { get; set; }

    /// <summary>Starts nodes and waits until each has joined.</summary>
    /// <param name="database">Their database.</param>
    /// <param name="count">How many.</param>
    /// <param name="shardTimeout">How long a search waits for a shard; the service's default unless set.</param>
    /// <param name="settings">Variables beside those that make them nodes of a cluster.</param>
    /// <param name="network">The network that they are in; that of the tests unless given.</param>
    /// <param name="program">Their build; that of the tests unless given.</param>
    public static async Task<ClusterNodes> StartAsync(
        TestDatabase database, int count, TimeSpan? shardTimeout = null, IReadOnlyDictionary<string, string?>? settings = null, CutNetwork? network = null, string? program = null)
    {
        var nodes = new ClusterNodes(database, count, settings ?? new Dictionary<string, string?>(), network) { ShardTimeout = shardTimeout, Program = program };
        try
        {
            await nodes.StartAsync([.. Enumerable.Range(0, count)]);
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of a node that runs.</summary>
    public ApiClient this[int node] => clients[node]!;

    /// <summary>Address of a node in the cluster.</summary>
    public string AddressOf(int node) => $"{network?.AddressOf(node) ?? "127.0.0.1"}:{ports[node]}";

    /// <summary>The process of a node that runs.</summary>
    public ServiceProcess Process(int node) => processes[node]!;

    /// <summary>Starts nodes that do not run, and waits until each has joined.</summary>
    public async Task StartAsync(params int[] nodes)
    {
        foreach (int node in nodes)
        {
            var environment = new Dictionary<string, string?>(settings)
            {
                // One finds its address by itself: their database is on this machine.
                ["Dpfah__ClusterAddress"] = node == 1 ? $"*:{ports[node]}" : AddressOf(node),
                ["Dpfah__ShardTimeout"] = ShardTimeout?.ToString(),
            };
            processes[node] = network?.Start(node, database, HostProcess.WithDecoder(environment)) ?? HostProcess.Start(database, environment, Program);
            clients[node] = new ApiClient(processes[node]!.BaseAddress);
        }

        await Task.WhenAll(nodes.Select(node => processes[node]!.WaitUntilReadyAsync()));
    }

    /// <summary>Starts nodes that do not run at addresses where none was before, as containers have them, and waits until each has joined.</summary>
    public Task StartElsewhereAsync(params int[] nodes)
    {
        Array.ForEach(nodes, node => ports[node] = FreePort.Next());
        return StartAsync(nodes);
    }

    /// <summary>Ends nodes as <c>kill -9</c> does.</summary>
    public async Task KillAsync(params int[] nodes)
    {
        await Task.WhenAll(nodes.Select(node => processes[node]!.KillAsync()));
        foreach (int node in nodes)
        {
            await ForgetAsync(node);
        }
    }

    /// <summary>Asks a node to end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(int node)
    {
        int code = await processes[node]!.TerminateAsync();
        await ForgetAsync(node);
        return code;
    }

    /// <summary>Waits until a node says that all copies of all shards of a collection are in memory, in a layout.</summary>
    public Task<CollectionResponse> ReadyAsync(int node, string collection, int shards, int replicas) => Eventually.BecomesAsync(
        async () => (await this[node].GetAsync($"/collections/{collection}")).Read<CollectionResponse>(),
        found => shards == 0
            ? found.Shards is null
            : found.Shards is { } its && its.Count == shards && its.Replicas == replicas && its.Items.All(shard => shard.Ready),
        found => System.Text.Json.JsonSerializer.Serialize(found.Shards));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        for (int node = 0; node < Count; node++)
        {
            await ForgetAsync(node);
        }
    }

    private async Task ForgetAsync(int node)
    {
        clients[node]?.Dispose();
        if (processes[node] is { } process)
        {
            await process.DisposeAsync();
        }

        (clients[node], processes[node]) = (null, null);
    }
}
