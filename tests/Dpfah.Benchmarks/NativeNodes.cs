using System.Diagnostics;
using System.Net.Http.Headers;

namespace Dpfah.Benchmarks;

/// <summary>Nodes of the service on one PostgreSQL, which <c>deploy/native.sh</c> starts in a folder of their own and ends.</summary>
internal sealed class NativeNodes : IAsyncDisposable
{
    /// <summary>The service as <c>dotnet build -c Release</c> leaves it.</summary>
    public const string Service = "src/Dpfah.Api/bin/Release/net10.0/linux-x64/Dpfah.Api.dll";

    private const string Key = "a-key-of-the-benchmark-of-nodes", Password = "benchmark";
    private const int FirstPort = 18081, PostgresPort = 18080, ClusterPort = 18111;

    private readonly string folder = Directory.CreateTempSubdirectory("dpfah-nodes-").FullName;
    private readonly Dictionary<string, string> environment;

    /// <param name="program">The service's assembly.</param>
    /// <param name="threads">Threads that a node's network computes on.</param>
    /// <param name="cluster">Whether they make a cluster, over which collections are spread in shards.</param>
    public NativeNodes(string program, int threads, bool cluster) => environment = new()
    {
        ["DPFAH_RUN"] = folder,
        ["DPFAH_PROGRAM"] = Path.GetFullPath(program),
        ["DPFAH_NODE_PORT"] = $"{FirstPort}",
        ["DPFAH_BALANCER_PORT"] = $"{FirstPort + 10}",
        ["DPFAH_CLUSTER_ADDRESS"] = cluster ? ClusterAddress(0) : "",
        ["POSTGRES_PORT"] = $"{PostgresPort}",
        ["POSTGRES_PASSWORD"] = Password,
        ["DPFAH_ADMIN_KEY"] = Key,
        ["DPFAH_THREADS"] = $"{threads}",
    };

    /// <summary>The database, once it runs, as its superuser.</summary>
    public static string Connection => $"Host=127.0.0.1;Port={PostgresPort};Database=dpfah;Username=dpfah;Password={Password}";

    /// <summary>A client of each node, with a key of its own.</summary>
    public HttpClient[] Clients { get; private set; } = [];

    /// <summary>Where the other nodes of the cluster reach one, from 0.</summary>
    public static string ClusterAddress(int node) => $"127.0.0.1:{ClusterPort + node}";

    /// <summary>What a node's environment has beside.</summary>
    public void Set(string name, string value) => environment[name] = value;

    /// <summary>Starts what does not run yet, and waits until it is ready; with no node, PostgreSQL alone.</summary>
    /// <exception cref="InvalidOperationException">The script failed.</exception>
    public async Task StartAsync(int nodes)
    {
        await ScriptAsync("up", $"{nodes}");
        Clients = [.. Enumerable.Range(0, nodes).Select(node =>
        {
            var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FirstPort + node}"), Timeout = TimeSpan.FromMinutes(5) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
            return client;
        })];
    }

    public async ValueTask DisposeAsync()
    {
        Array.ForEach(Clients, client => client.Dispose());
        await ScriptAsync("down");
        Directory.Delete(folder, recursive: true);
    }

    private async Task ScriptAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("deploy/native.sh", arguments) { RedirectStandardOutput = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process script = Process.Start(start)!;
        string output = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        if (script.ExitCode != 0)
        {
            throw new InvalidOperationException($"deploy/native.sh {string.Join(' ', arguments)} ended with code {script.ExitCode}: {output}");
        }
    }
}
