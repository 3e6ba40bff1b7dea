namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>The programs of a PostgreSQL server that is installed on this machine, run as a user it accepts.</summary>
internal sealed class PostgresPrograms
{
    // "nobody" on every Linux. The server refuses to run as root.
    private const string Unprivileged = "65534";

    private readonly string folder;
    private readonly SmallDisk? disk;

    private PostgresPrograms(string folder, int majorVersion, SmallDisk? disk = null)
    {
        (this.folder, this.disk) = (folder, disk);
        MajorVersion = majorVersion;
    }

    /// <summary>Number of the user as whom the server runs, where this process is root.</summary>
    public static int User => int.Parse(Unprivileged);

    /// <summary>Major version of the server.</summary>
    public int MajorVersion { get; }

    /// <summary>Finds the newest of Debian's folders, else the programs in PATH, else null.</summary>
    public static async Task<PostgresPrograms?> FindAsync()
    {
        IEnumerable<string> debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out int version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin"))
            : [];
        string[] inPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string? found = debian.Concat(inPath).FirstOrDefault(IsServer);
        if (found is null)
        {
            return null;
        }

        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        string version = await Command.RunAsync(null, Path.Combine(found, "postgres"), "--version");
        string number = version.Split(' ')[2];
        return new PostgresPrograms(found, int.Parse(number.TakeWhile(char.IsAsciiDigit).ToArray()));
    }

    /// <summary>The same programs, run where a small disk is.</summary>
    public PostgresPrograms On(SmallDisk small) => new(folder, MajorVersion, small);

    /// <summary>Full path of one program.</summary>
    public string PathOf(string program) => Path.Combine(folder, program);

    /// <summary>Makes an empty folder that belongs to the server's user.</summary>
    public static async Task CreateFolderAsync(string path)
    {
        await Command.RunAsync(null, "mkdir", "-m", "700", path);
        if (Environment.IsPrivilegedProcess)
        {
            await Command.RunAsync(null, "chown", $"{Unprivileged}:{Unprivileged}", path);
        }
    }

    /// <summary>The command line that runs a program as the server's user: itself unless this process is root.</summary>
    public static IReadOnlyList<string> AsServerUser(params IEnumerable<string> commandLine) =>
        Environment.IsPrivilegedProcess
            ? ["setpriv", $"--reuid={Unprivileged}", $"--regid={Unprivileged}", "--clear-groups", "--", .. commandLine]
            : [.. commandLine];

    /// <summary>Runs one of the server's programs as the server's user.</summary>
    public Task<string> RunAsync(string workingFolder, string program, params IEnumerable<string> arguments)
    {
        IReadOnlyList<string> line = CommandLine(arguments.Prepend(PathOf(program)));
        return Command.RunAsync(workingFolder, line[0], line.Skip(1));
    }

    /// <summary>The command line that runs a program as the server's user, where the server is.</summary>
    public IReadOnlyList<string> CommandLine(params IEnumerable<string> commandLine)
    {
        // Whoever is root in a namespace of its own is no root to the server either.
        string[] asOther = disk is null || Environment.IsPrivilegedProcess
            ? []
            : ["unshare", "--user", $"--map-user={Unprivileged}", $"--map-group={Unprivileged}", "--"];
        IReadOnlyList<string> line = [.. asOther, .. AsServerUser(commandLine)];
        return disk is null ? line : disk.Inside(line);
    }

    private static bool IsServer(string folder) =>
        File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres"))
        && File.Exists(Path.Combine(folder, "pg_ctl"));
}
