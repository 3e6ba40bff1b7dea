using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Nodes;
using Npgsql;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>
/// A network for nodes: each has an address of its own, and a link to a switch behind which the others and the database are. A link can be
/// cut; the test reaches a node all the same.
/// </summary>
/// <remarks>
/// Where this process is not root, or the system has no such networks, the nodes are in the network of the tests, and what is cut is a node's
/// way to the database alone.
/// </remarks>
internal sealed class CutNetwork : IAsyncDisposable
{
    private const string Switch = "10.77.0.254";
    private const int PostgresPort = 5432;
    private const int HttpPort = 8080;

    // A network lasts as long as a process is in it. Standard input is a pipe whose other end only the test process holds.
    private const string Holder = "ip link set lo up && echo made && exec cat";

    private readonly NpgsqlConnectionStringBuilder server;
    private readonly List<Process> holders = [];
    private readonly List<CutProxy> toDatabase = [];
    private readonly List<CutProxy> toNodes = [];

    private CutNetwork(string connectionString) => server = new NpgsqlConnectionStringBuilder(connectionString);

    /// <summary>Whether nodes have links; else only their ways to the database are cut.</summary>
    public bool HasLinks => holders.Count > 0;

    /// <summary>Makes one.</summary>
    /// <param name="connectionString">Of the nodes' database.</param>
    /// <param name="nodes">How many nodes it is for.</param>
    public static async Task<CutNetwork> CreateAsync(string connectionString, int nodes)
    {
        var network = new CutNetwork(connectionString);
        try
        {
            if (await NetworkNamespace.CanBeMadeAsync("ip link add hub type bridge && ip link add link0 type veth peer name eth0"))
            {
                await network.LinkAsync(nodes);
            }
            else
            {
                network.toDatabase.AddRange(Enumerable.Range(0, nodes).Select(_ => new CutProxy("127.0.0.1", network.server.Port)));
            }

            TestContext.Current.TestOutputHelper?.WriteLine(network.HasLinks ? "In networks of their own." : "In the network of the tests.");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The address at which the other nodes reach one.</summary>
    public string AddressOf(int node) => HasLinks ? $"10.77.0.{node + 1}" : "127.0.0.1";

    /// <summary>Starts a node.</summary>
    /// <param name="node">Its number, from 0.</param>
    /// <param name="database">Its database.</param>
    /// <param name="environment">Variables set for it; a null value removes one.</param>
    public ServiceProcess Start(int node, TestDatabase database, IReadOnlyDictionary<string, string?> environment)
    {
        var itsServer = new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Host = HasLinks ? Switch : "127.0.0.1",
            Port = HasLinks ? PostgresPort : toDatabase[node].Port,
        };

        // Of two values of a setting the last one holds.
        string[] arguments = [.. database.Arguments, "--ConnectionStrings:Dpfah", itsServer.ConnectionString];
        if (!HasLinks)
        {
            return ServiceProcess.StartHost(HostProcess.TestAssembly, arguments, environment);
        }

        int holder = HolderOf(node).Id;
        var way = new CutProxy(CutProxy.Listen(), () => NetworkNamespace.ConnectAsync(holder, new IPEndPoint(IPAddress.Loopback, HttpPort)));
        toNodes.Add(way);
        return ServiceProcess.Start(
            "nsenter",
            [$"--net=/proc/{holder}/ns/net", "--", HostProcess.Dotnet, HostProcess.TestAssembly, "--urls", $"http://127.0.0.1:{HttpPort}", .. arguments],
            environment,
            address: new Uri($"http://127.0.0.1:{way.Port}"));
    }

    /// <summary>Cuts a node off: nothing comes or goes, and nobody is told.</summary>
    public Task CutAsync(int node)
    {
        if (HasLinks)
        {
            return InAsync(holders[0], $"ip link set link{node} down");
        }

        toDatabase[node].Silence();
        return Task.CompletedTask;
    }

    /// <summary>Mends what was cut.</summary>
    public Task HealAsync(int node)
    {
        if (HasLinks)
        {
            return InAsync(holders[0], $"ip link set link{node} up");
        }

        toDatabase[node].Heal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (CutProxy way in toDatabase.Concat(toNodes))
        {
            way.Dispose();
        }

        foreach (Process holder in holders)
        {
            holder.StandardInput.Close();
            await holder.WaitForExitAsync();
            holder.Dispose();
        }
    }

    // The first one holds the switch's network.
    private Process HolderOf(int node) => holders[node + 1];

    private async Task LinkAsync(int nodes)
    {
        Process hub = await HoldAsync();
        await InAsync(hub, $"ip link add hub type bridge && ip addr add {Switch}/24 dev hub && ip link set hub up");
        for (int node = 0; node < nodes; node++)
        {
            Process holder = await HoldAsync();
            await InAsync(
                hub,
                $"ip link add link{node} type veth peer name eth0 netns {holder.Id} && ip link set link{node} master hub && ip link set link{node} up");
            await InAsync(holder, $"ip addr add {AddressOf(node)}/24 dev eth0 && ip link set eth0 up");
        }

        Socket listener = await NetworkNamespace.ListenAsync(hub.Id, new IPEndPoint(IPAddress.Parse(Switch), PostgresPort));
        toDatabase.Add(new CutProxy(listener, () => CutProxy.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port))));
    }

    private async Task<Process> HoldAsync()
    {
        Process holder = Process.Start(new ProcessStartInfo("unshare", ["--net", "/bin/sh", "-c", Holder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        holders.Add(holder);
        Assert.Equal("made", await holder.StandardOutput.ReadLineAsync());
        return holder;
    }

    private static Task<string> InAsync(Process holder, string script) =>
        Command.RunAsync(null, "nsenter", $"--net=/proc/{holder.Id}/ns/net", "--", "/bin/sh", "-c", script);
}
