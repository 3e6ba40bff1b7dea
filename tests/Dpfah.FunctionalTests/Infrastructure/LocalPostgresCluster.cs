using System.Diagnostics;
using System.Security.Cryptography;
using Npgsql;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>A throw-away PostgreSQL cluster in a temporary folder, run by programs that are installed on this machine.</summary>
/// <remarks>
/// Durability is left on (<c>fsync</c>), since tests kill programs and look what survived. The cluster collates by the
/// rules of English, as a server set up by hand would, so that a forgotten <c>COLLATE "C"</c> shows.
/// A small shell process stands by: when this process ends, however it ends, it stops the server and deletes the folder.
/// </remarks>
internal sealed class LocalPostgresCluster : PostgresCluster
{
    private const string Superuser = "postgres";

    // Standard input is a pipe whose other end only the test process holds: it closes even when that process is killed.
    private const string Janitor =
        """
        trap '' INT TERM HUP
        cat > /dev/null
        "$1" stop -D "$2/data" -m immediate -w -s
        rm -rf "$2"
        """;

    private static int count;

    // On a small disk: pieces of the log of a megabyte each, so that it has the size that it is set to; and pages that show whether they are as they were written.
    private string[] OnSmallDisk => disk is null ? [] : ["--wal-segsize=1", "--data-checksums"];

    private readonly PostgresPrograms programs;
    private readonly string folder;
    private readonly SmallDisk? disk;
    private readonly string password = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly int port = FreePort.Next();
    private Process? janitor;

    private LocalPostgresCluster(PostgresPrograms programs, string folder, SmallDisk? disk)
    {
        (this.programs, this.folder, this.disk) = (programs, folder, disk);
    }

    /// <inheritdoc/>
    public override string AdminConnectionString => ConnectionString(host: "127.0.0.1");

    /// <summary>The same as <see cref="AdminConnectionString"/> by way of the Unix socket, which needs no network.</summary>
    public string SocketConnectionString => ConnectionString(host: folder);

    /// <summary>The disk that it has for itself.</summary>
    public SmallDisk Disk => disk ?? throw new InvalidOperationException("The cluster was made without a disk of its own.");

    private string DataFolder => Path.Combine(folder, "data");

    // Where this process finds what the server has in its folder.
    private string Outside => disk?.Outside ?? folder;

    /// <summary>Makes a cluster and starts its server.</summary>
    /// <param name="programs">The server's programs.</param>
    /// <param name="diskMegabytes">Size of a disk of its own; 0 for none.</param>
    public static async Task<LocalPostgresCluster> StartNewAsync(PostgresPrograms programs, int diskMegabytes = 0)
    {
        await SweepAsync(programs);
        string folder = FolderOf(Environment.ProcessId, Interlocked.Increment(ref count));
        await PostgresPrograms.CreateFolderAsync(folder);
        SmallDisk? disk = diskMegabytes == 0 ? null : await SmallDisk.CreateAsync(folder, diskMegabytes, PostgresPrograms.User);
        var cluster = new LocalPostgresCluster(disk is null ? programs : programs.On(disk), folder, disk);
        try
        {
            cluster.janitor = cluster.StartJanitor();
            await cluster.InitializeAsync();
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task StartAsync()
    {
        try
        {
            await programs.RunAsync(folder, "pg_ctl", "start", "-D", DataFolder, "-w", "-t", "60", "-s", "-l", Path.Combine(folder, "log"));
        }
        catch (InvalidOperationException error)
        {
            string log = Path.Combine(Outside, "log");
            throw new InvalidOperationException($"PostgreSQL did not start. {(File.Exists(log) ? await File.ReadAllTextAsync(log) : "")}", error);
        }
    }

    /// <inheritdoc/>
    public override Task StopAsync() => StopAsync("fast");

    /// <inheritdoc/>
    public override Task CrashAsync() => StopAsync("immediate");

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (janitor is not null)
        {
            janitor.StandardInput.Close();
            await janitor.WaitForExitAsync();
            janitor.Dispose();
            janitor = null;
        }

        if (disk is not null)
        {
            await disk.DisposeAsync();
            await Command.RunAsync(null, "rm", "-rf", folder);
        }
    }

    /// <summary>The folder of a test process's n-th cluster.</summary>
    internal static string FolderOf(int processId, int number) => $"{FolderPrefix}{processId}-{number}";

    // Short, because a Unix socket's path may have some 100 bytes.
    private static string FolderPrefix => Path.Combine(Path.GetTempPath(), $"dpfah-pg-{Environment.UserName}-");

    /// <summary>Deletes what test processes left that were killed together with their janitors.</summary>
    private static async Task SweepAsync(PostgresPrograms programs)
    {
        HashSet<int> running = [.. Process.GetProcesses().Select(process => process.Id)];
        foreach (string folder in Directory.GetDirectories(Path.GetTempPath(), Path.GetFileName(FolderPrefix) + "*"))
        {
            string owner = folder[FolderPrefix.Length..].Split('-')[0];
            if (int.TryParse(owner, out int processId) && !running.Contains(processId))
            {
                IReadOnlyList<string> stop = PostgresPrograms.AsServerUser(
                    programs.PathOf("pg_ctl"), "stop", "-D", Path.Combine(folder, "data"), "-m", "immediate", "-w", "-s");
                await Command.TryRunAsync(Path.GetTempPath(), environment: null, stop[0], stop.Skip(1)); // Fails where no server runs.
                await Command.RunAsync(null, "rm", "-rf", folder);
            }
        }
    }

    /// <summary>Starts the server if it has ended by itself.</summary>
    public async Task EnsureStartedAsync()
    {
        try
        {
            await CrashAsync();
        }
        catch (InvalidOperationException)
        {
            // There is none to stop.
        }

        await StartAsync();
    }

    /// <summary>Stops the server, has PostgreSQL's own program look at every page of a cluster on a small disk, and starts the server again.</summary>
    /// <exception cref="InvalidOperationException">A page is not as it was written.</exception>
    public async Task CheckPagesAsync()
    {
        // Part of every server's programs, which the extension amcheck is not.
        await StopAsync();
        await programs.RunAsync(folder, "pg_checksums", "--check", "-D", DataFolder);
        await StartAsync();
    }

    private Task<string> StopAsync(string mode) => programs.RunAsync(folder, "pg_ctl", "stop", "-D", DataFolder, "-m", mode, "-w", "-s");

    private Process StartJanitor()
    {
        IReadOnlyList<string> line = programs.CommandLine("/bin/sh", "-c", Janitor, "janitor", programs.PathOf("pg_ctl"), folder);
        return Process.Start(new ProcessStartInfo(line[0], line.Skip(1))
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private async Task InitializeAsync()
    {
        string passwordFile = Path.Combine(Outside, "password");
        await File.WriteAllTextAsync(passwordFile, password + "\n");
        await Command.RunAsync(null, "chmod", "644", passwordFile); // Read by the server's user; the folder is closed to others.
        passwordFile = Path.Combine(folder, "password");
        string[] collation = programs.MajorVersion >= 15 ? ["--locale-provider=icu", "--icu-locale=en-US"] : [];
        await programs.RunAsync(
            folder, "initdb",
            ["-D", DataFolder, "-U", Superuser, $"--pwfile={passwordFile}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", .. collation, .. OnSmallDisk]);
        await File.AppendAllTextAsync(
            Path.Combine(Outside, "data", "postgresql.conf"),
            $"""

            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = '{folder}'
            max_connections = 400
            {(disk is null ? "" : "min_wal_size = 32MB\nmax_wal_size = 64MB")}
            """ + "\n");
    }

    private string ConnectionString(string host) => new NpgsqlConnectionStringBuilder
    {
        Host = host,
        Port = port,
        Username = Superuser,
        Password = password,
        Database = "postgres",
    }.ConnectionString;
}
