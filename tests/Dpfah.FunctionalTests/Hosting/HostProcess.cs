using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>The service as a process of its own, with the constant-time encoder: for tests that kill or freeze it.</summary>
internal static class HostProcess
{
    private static readonly string Assembly = FindAssembly();

    /// <summary>Starts a service on a free loopback port.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="environment">Variables set for it; a null value removes one.</param>
    public static ServiceProcess Start(TestDatabase database, IReadOnlyDictionary<string, string?>? environment = null) =>
        ServiceProcess.StartHost(Assembly, database.Arguments, environment);

    /// <summary>Starts a service with arguments of the test's own.</summary>
    public static ServiceProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        ServiceProcess.Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Assembly, .. arguments], environment);

    // Beside its native libraries, which are not copied to the tests' folder.
    private static string FindAssembly()
    {
        string configuration = Directory.GetParent(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar))!.Name;
        string folder = Repository.PathOf($"tests/Dpfah.TestHost/bin/{configuration}");
        return Directory.GetFiles(folder, "Dpfah.TestHost.dll", SearchOption.AllDirectories).Single();
    }
}
