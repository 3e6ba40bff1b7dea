using System.Net;
using System.Net.Sockets;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>
/// Runs programs about as a container does: with an environment of their own, an empty home, and, where this process is root,
/// without privileges and in a network of their own that has nothing but a loopback interface.
/// </summary>
/// <remarks>Where this process is not root the programs run as its user and in its network; all else stays the same.</remarks>
internal sealed class Enclosure : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private Enclosure(bool ownNetwork) => HasOwnNetwork = ownNetwork;

    /// <summary>Whether the programs have a network of their own: any port is free there, and nothing beyond it can be reached.</summary>
    public bool HasOwnNetwork { get; }

    /// <summary>The one folder that the programs may write to, beside temporary files.</summary>
    public string DataFolder => folder["data"];

    private string Home => folder["home"];

    /// <summary>Makes the folders, and finds out whether a network can be made.</summary>
    public static async Task<Enclosure> CreateAsync()
    {
        bool ownNetwork = await NetworkNamespace.CanBeMadeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(ownNetwork ? "In a network of its own." : "In the network of the tests.");
        var enclosure = new Enclosure(ownNetwork);
        await Command.RunAsync(null, "chmod", "755", enclosure.folder.Path);
        await PostgresPrograms.CreateFolderAsync(enclosure.DataFolder);
        Directory.CreateDirectory(enclosure.Home);
        return enclosure;
    }

    /// <summary>Starts a service.</summary>
    /// <param name="workingFolder">Folder it starts in.</param>
    /// <param name="settings">All of its environment, beside PATH and HOME.</param>
    /// <param name="port">Where it will listen, inside.</param>
    /// <param name="commandLine">Program and arguments.</param>
    public ServiceProcess Start(string workingFolder, IReadOnlyDictionary<string, string> settings, int port, IEnumerable<string> commandLine)
    {
        string[] network = HasOwnNetwork ? ["unshare", "--net", "/bin/sh", "-c", "ip link set lo up && exec \"$@\"", "network"] : [];
        string[] line = [.. network, .. PostgresPrograms.AsServerUser(WithEnvironment(settings, commandLine))];
        return ServiceProcess.Start(line[0], line[1..], null, workingFolder, new Uri($"http://127.0.0.1:{port}"));
    }

    /// <summary>Runs a program beside a service to its end, as <c>docker exec</c> does.</summary>
    public Task<CommandResult> RunBesideAsync(
        ServiceProcess service, string workingFolder, IReadOnlyDictionary<string, string> settings, IEnumerable<string> commandLine)
    {
        string[] network = HasOwnNetwork ? ["nsenter", $"--net=/proc/{service.Id}/ns/net"] : [];
        string[] line = [.. network, .. PostgresPrograms.AsServerUser(WithEnvironment(settings, commandLine))];
        return Command.TryRunAsync(workingFolder, null, line[0], line[1..]);
    }

    /// <summary>A client whose connections begin inside the service's network.</summary>
    public HttpClient CreateClient(ServiceProcess service)
    {
        var handler = new SocketsHttpHandler();
        if (HasOwnNetwork)
        {
            handler.ConnectCallback = async (context, _) =>
                new NetworkStream(
                    await NetworkNamespace.ConnectAsync(service.Id, new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port)), ownsSocket: true);
        }

        return new HttpClient(handler) { BaseAddress = service.BaseAddress, Timeout = TimeSpan.FromMinutes(1) };
    }

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();

    private IEnumerable<string> WithEnvironment(IReadOnlyDictionary<string, string> settings, IEnumerable<string> commandLine) =>
        ["env", "-i", $"PATH={Environment.GetEnvironmentVariable("PATH")}", $"HOME={Home}",
            .. settings.Select(setting => $"{setting.Key}={setting.Value}"), .. commandLine];
}
