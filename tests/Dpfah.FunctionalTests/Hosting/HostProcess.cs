using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>The service as a process of its own, with the constant-time encoder: for tests that kill or freeze it.</summary>
internal static class HostProcess
{
    /// <summary>The service with the constant-time encoder; as a training program it hangs.</summary>
    public static readonly string TestAssembly = Find("tests/Dpfah.TestHost", "Dpfah.TestHost.dll");

    /// <summary>The program that runs assemblies.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The service's own assembly, with the network.</summary>
    public static string ApiAssembly { get; } = Find("src/Dpfah.Api", "Dpfah.Api.dll");

    /// <summary>Starts a service on a free loopback port.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="environment">Variables set for it; a null value removes one.</param>
    public static ServiceProcess Start(TestDatabase database, IReadOnlyDictionary<string, string?>? environment = null) =>
        ServiceProcess.StartHost(TestAssembly, database.Arguments, environment);

    /// <summary>Starts a service whose temporary files are on a disk of their own, which is soon full.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="folder">An existing folder; for the service alone it is the disk.</param>
    /// <param name="megabytes">Size of the disk.</param>
    public static ServiceProcess StartOnSmallDisk(TestDatabase database, string folder, int megabytes)
    {
        // To mount is root's; whoever is not root is in a namespace of its own, which is all that is wanted here.
        string[] asRoot = Environment.IsPrivilegedProcess ? [] : ["--user", "--map-root-user"];
        string mount = $"mount -t tmpfs -o size={megabytes}m tmpfs \"$TMPDIR\" && exec \"$@\"";
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        return ServiceProcess.Start(
            "unshare",
            [.. asRoot, "--mount", "/bin/sh", "-c", mount, "mount", Dotnet, TestAssembly, "--urls", address.OriginalString, .. database.Arguments],
            new Dictionary<string, string?> { ["TMPDIR"] = folder },
            address: address);
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
