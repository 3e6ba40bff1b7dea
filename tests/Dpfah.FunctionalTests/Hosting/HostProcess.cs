using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>The service as a process of its own, with the constant-time encoder: for tests that kill or freeze it.</summary>
internal static class HostProcess
{
    /// <summary>
    /// The service with the constant-time encoder; as a training program it hangs. <c>DPFAH_TEST_HOST</c> names another build of it, such as one
    /// compiled ahead, which is ready with two thirds of the work: <c>test.sh</c> makes one.
    /// </summary>
    public static readonly string TestAssembly = Environment.GetEnvironmentVariable("DPFAH_TEST_HOST") is { Length: > 0 } path
        ? path
        : Find("tests/Dpfah.TestHost", "Dpfah.TestHost.dll");

    /// <summary>The program that runs assemblies.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The service's own assembly, with the network.</summary>
    public static string ApiAssembly { get; } = Find("src/Dpfah.Api", "Dpfah.Api.dll");

    /// <summary>
    /// Variable that says whether pictures are decoded in processes of their own, as they are where a service is shipped. It is <c>true</c> in
    /// tests of pictures, kills and stops; for all others the service decodes itself: these processes are a quarter of what a start costs.
    /// </summary>
    public const string IsolateDecoder = "Dpfah__IsolateDecoder";

    /// <summary>Starts a service on a free loopback port.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="environment">Variables set for it; a null value removes one.</param>
    /// <param name="program">Its build; that of the tests unless given.</param>
    public static ServiceProcess Start(TestDatabase database, IReadOnlyDictionary<string, string?>? environment = null, string? program = null) =>
        ServiceProcess.StartHost(program ?? TestAssembly, database.Arguments, WithDecoder(environment ?? new Dictionary<string, string?>()));

    /// <summary>Variables of a test's own, after which the service decodes itself unless they say otherwise. In long forms it runs as it is shipped.</summary>
    public static IReadOnlyDictionary<string, string?> WithDecoder(IReadOnlyDictionary<string, string?> environment) =>
        LongForm.IsAsked || environment.ContainsKey(IsolateDecoder) ? environment : new Dictionary<string, string?>(environment) { [IsolateDecoder] = "false" };

    /// <summary>Starts a service where a small disk is.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="environment">Variables set for it; a null value removes one.</param>
    public static ServiceProcess StartOnSmallDisk(TestDatabase database, SmallDisk disk, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        IReadOnlyList<string> line = disk.Inside([Dotnet, TestAssembly, "--urls", address.OriginalString, .. database.Arguments]);
        return ServiceProcess.Start(line[0], line.Skip(1), environment, address: address);
    }

    /// <summary>Starts a service with arguments of the test's own.</summary>
    public static ServiceProcess Start(IEnumerable<string> arguments) => ServiceProcess.Start(Dotnet, [TestAssembly, .. arguments]);

    // Beside its native libraries, which are not copied to the tests' folder.
    private static string Find(string project, string assembly)
    {
        string configuration = Directory.GetParent(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar))!.Name;
        return Directory.GetFiles(Repository.PathOf($"{project}/bin/{configuration}"), assembly, SearchOption.AllDirectories)
            .Single(path => !path.Contains("publish", StringComparison.Ordinal));
    }
}
