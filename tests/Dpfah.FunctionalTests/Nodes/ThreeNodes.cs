using System.Net;
using System.Text.Json;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;
using Npgsql;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>
/// The tests of three nodes share them, and run one after the other: each leaves all three running. Tests with nodes of their own wait for their
/// turn with them: a dozen services at once would leave none its time.
/// </summary>
[CollectionDefinition(Name)]
public sealed class SharedNodes : ICollectionFixture<ThreeNodes>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "three nodes";
}

/// <summary>
/// Three nodes on one PostgreSQL, as <c>deploy/native.sh</c> starts them: real processes under the settings of the compose file, with the
/// constant-time encoder. The connection of the third to its database can be cut.
/// </summary>
public sealed class ThreeNodes : IAsyncLifetime
{
    /// <summary>How many nodes there are.</summary>
    public const int Count = 3;

    private const string AdminKey = "a-key-of-the-tests-of-three-nodes";
    private const string Password = "three";

    private readonly TemporaryFolder folder = new();
    private readonly int[] ports = [.. Enumerable.Range(0, Count + 1).Select(_ => FreePort.Next())];
    private readonly ServiceProcess?[] nodes = new ServiceProcess?[Count + 1];
    private readonly ApiClient[] clients;
    private PostgresCluster? cluster;
    private CutProxy? proxy;

    /// <summary>Prepares; nothing runs yet.</summary>
    public ThreeNodes() => clients = [.. ports.Select(port => new ApiClient(new Uri($"http://127.0.0.1:{port}"), AdminKey))];

    /// <summary>The database server.</summary>
    public PostgresCluster Cluster => cluster ?? throw new InvalidOperationException("The fixture is not initialized.");

    /// <summary>The way of the third node to its database.</summary>
    internal CutProxy Proxy => proxy ?? throw new InvalidOperationException("The fixture is not initialized.");

    /// <summary>A client of a node, 1 to 3, with every right; node 4 is one that a test may start beside.</summary>
    public ApiClient this[int node] => clients[node - 1];

    /// <summary>Numbers of the three nodes.</summary>
    public static IEnumerable<int> Numbers => Enumerable.Range(1, Count);

    /// <summary>The process of a node.</summary>
    public ServiceProcess Process(int node) => nodes[node - 1] ?? throw new InvalidOperationException($"Node {node} does not run.");

    /// <summary>What a node has written since it was started; empty when it was not.</summary>
    public string LogOf(int node) => nodes[node - 1]?.Log ?? "";

    /// <summary>Address of a node.</summary>
    public Uri Address(int node) => new($"http://127.0.0.1:{ports[node - 1]}");

    /// <summary>Starts a node and waits until it is ready.</summary>
    /// <param name="node">Its number.</param>
    /// <param name="more">Variables beside those of the compose file.</param>
    /// <param name="program">Its program; the tests' own build unless given.</param>
    public async Task StartAsync(int node, IReadOnlyDictionary<string, string?>? more = null, string? program = null)
    {
        if (nodes[node - 1] is { } old)
        {
            await old.DisposeAsync();
        }

        var server = new NpgsqlConnectionStringBuilder(Cluster.AdminConnectionString);
        var environment = new Dictionary<string, string?>
        {
            ["DPFAH_PROGRAM"] = program ?? HostProcess.TestAssembly,
            ["DPFAH_RUN"] = folder["run"],
            ["DPFAH_NODE_PORT"] = $"{ports[node - 1] - (node - 1)}",
            ["DPFAH_POSTGRES"] = $"Host=127.0.0.1;Port={(node == Count ? Proxy.Port : server.Port)}",
            ["POSTGRES_PASSWORD"] = Password,
            ["DPFAH_ADMIN_KEY"] = AdminKey,
            ["Dpfah__JobLease"] = "00:00:06",
            ["Dpfah__ReadyLag"] = "00:00:02",
            ["DOTNET_TieredPGO"] = "0",
        };
        foreach ((string name, string? value) in more ?? new Dictionary<string, string?>())
        {
            environment[name] = value;
        }

        ServiceProcess process = nodes[node - 1] = ServiceProcess.Start(
            Repository.PathOf("deploy/native.sh"), ["node", $"{node}"], HostProcess.WithDecoder(environment), address: Address(node));
        await process.WaitUntilReadyAsync();
    }

    /// <summary>Ends a node that a test has started beside the three.</summary>
    public async Task EndAsync(int node)
    {
        if (nodes[node - 1] is { } process)
        {
            nodes[node - 1] = null;
            await process.DisposeAsync();
        }
    }

    /// <summary>Reads one number of the database behind the nodes' backs.</summary>
    public async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Cluster.AdminConnectionString) { Database = "dpfah", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>What <c>/health/ready</c> of a node says.</summary>
    public Task<Answer> ReadyAsync(int node) => this[node].GetAsync("/health/ready");

    /// <summary>Makes a collection with a name of its own, and waits until all nodes know it.</summary>
    /// <param name="model">Its model; the first one unless given.</param>
    public async Task<string> CreateCollectionAsync(string? model = null)
    {
        string name = $"c-{Guid.NewGuid():n}";
        (await this[1].SendJsonAsync(HttpMethod.Put, $"/collections/{name}", JsonSerializer.Serialize(new { model = model ?? HashEncoding.FirstModel })))
            .AssertStatus(HttpStatusCode.Created);
        foreach (int node in Numbers)
        {
            await Eventually.BecomesAsync(() => this[node].GetAsync($"/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);
        }

        return name;
    }

    /// <summary>Puts a model into the database that takes some time for a picture, as the service itself would not take one without a network.</summary>
    /// <param name="milliseconds">How long a picture takes it, one at a time.</param>
    /// <returns>Its name, by which its codes differ from all others.</returns>
    public Task<string> AddModelAsync(int milliseconds) => NodeModels.AddAsync(
        new NpgsqlConnectionStringBuilder(Cluster.AdminConnectionString) { Database = "dpfah", Username = "dpfah", Password = Password }.ConnectionString, milliseconds);

    /// <summary>Three nodes of another build.</summary>
    /// <param name="program">Its assembly.</param>
    public static async Task<ThreeNodes> OfAsync(string program)
    {
        var nodes = new ThreeNodes();
        await nodes.InitializeAsync(program);
        return nodes;
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => new(InitializeAsync(null));

    private async Task InitializeAsync(string? program)
    {
        cluster = await PostgresCluster.CreateAsync();
        await cluster.ExecuteAsync($"CREATE ROLE dpfah LOGIN PASSWORD '{Password}'");
        await cluster.ExecuteAsync("CREATE DATABASE dpfah OWNER dpfah TEMPLATE template0");
        var server = new NpgsqlConnectionStringBuilder(cluster.AdminConnectionString);
        proxy = new CutProxy("127.0.0.1", server.Port);
        await Task.WhenAll(Numbers.Select(node => StartAsync(node, program: program)));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ServiceProcess? node in nodes)
        {
            await (node?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        Array.ForEach(clients, client => client.Dispose());
        proxy?.Dispose();
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }

        folder.Dispose();
    }
}
