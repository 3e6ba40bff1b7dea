using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Cli;
using Dpfah.Engine;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Extensions.Configuration;

namespace Dpfah.FunctionalTests.Cli;

public sealed partial class ImportCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_folder_goes_into_the_database_and_its_folders_become_labels()
    {
        using var folder = new TemporaryFolder();
        using var database = new SqliteTestDatabase();
        Fill(folder["pictures"]);

        CliRun run = await CliRun.Of("import", folder["pictures"], "--data", database.DataFolder);

        Assert.Equal((0, "31 accepted: 30 indexed, 0 unchanged, 1 rejected.\n"), (run.ExitCode, run.Output));
        Assert.StartsWith("dog/notes.txt: ", run.Error, StringComparison.Ordinal);
        run = await CliRun.Of("import", folder["pictures"], "--data", database.DataFolder, "--dry-run", "--mode", "replace");
        Assert.Equal("31 accepted: 0 indexed, 30 unchanged, 1 rejected; 0 deleted (dry run: nothing was written).\n", run.Output);

        await using RunningService service = await RunningService.StartAsync(database);
        List<ImageResponse> images = await service.Client.ListAsync("default");
        Assert.Equal(30, images.Count);
        Assert.Equal(["cat"], images.Single(image => image.Id == "cat/2.png").Labels);
    }

    [Fact]
    public async Task An_archive_or_a_folder_goes_to_a_service_that_runs()
    {
        using var folder = new TemporaryFolder();
        using var database = new SqliteTestDatabase();
        Fill(folder["pictures"]);
        File.WriteAllBytes(folder["pictures.zip"], Archives.Zip(Enumerable.Range(0, 20).Select(n => ($"z/{n}.png", Pictures.Png(n)))));
        await using RunningService service = await RunningService.StartAsync(database);
        string url = service.Address.ToString();

        Assert.Equal("31 accepted: 30 indexed, 0 unchanged, 1 rejected.\n", (await CliRun.Of("import", folder["pictures"], "--url", url)).Output);
        CliRun replaced = await CliRun.Of("import", folder["pictures.zip"], "--url", url, "--mode", "replace", "--labels", "none");
        Assert.Equal((0, "20 accepted: 20 indexed, 0 unchanged, 0 rejected; 30 deleted.\n", ""), (replaced.ExitCode, replaced.Output, replaced.Error));
        Assert.All(await service.Client.ListAsync("default"), image => Assert.Empty(image.Labels));

        CliRun none = await CliRun.Of("import", folder["pictures.zip"], "--url", url, "--collection", "none");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("404: There is no collection 'none'", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_are_rejected_and_named()
    {
        using var folder = new TemporaryFolder();
        Fill(folder["pictures"]);
        Directory.CreateSymbolicLink(folder["pictures/linked"], folder["pictures/cat"]);
        File.CreateSymbolicLink(folder["pictures/linked.png"], folder["pictures/cat/0.png"]);
        File.CreateSymbolicLink(folder["pictures/nowhere.png"], "nowhere");

        CliRun run = await CliRun.Of("import", folder["pictures"], "--data", folder["data"]);

        Assert.Equal("34 accepted: 30 indexed, 0 unchanged, 4 rejected.\n", run.Output);
        Assert.Equal(
            ["linked", "linked.png", "nowhere.png"],
            run.Error.Split('\n').Where(line => line.EndsWith(": The entry is a link.", StringComparison.Ordinal)).Select(line => line.Split(':')[0]));
    }

    [Fact]
    public async Task Pipes_and_devices_are_rejected_and_named_instead_of_waited_for()
    {
        using var folder = new TemporaryFolder();
        Fill(folder["pictures"]);
        await Command.RunAsync(null, "mkfifo", folder["pictures/cat/pipe.png"]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder["pictures/socket.png"]));

        CliRun run = await CliRun.Of("import", folder["pictures"], "--data", folder["data"]).WaitAsync(Patience);

        Assert.Equal((0, "33 accepted: 30 indexed, 0 unchanged, 3 rejected.\n"), (run.ExitCode, run.Output));
        Assert.Equal(
            ["cat/pipe.png", "socket.png"],
            run.Error.Split('\n').Where(line => line.EndsWith(": The entry is no file.", StringComparison.Ordinal)).Select(line => line.Split(':')[0]));

        CliRun alone = await CliRun.Of("import", folder["pictures/cat/pipe.png"], "--data", folder["data"]).WaitAsync(Patience);
        Assert.Equal((1, ""), (alone.ExitCode, alone.Output));
        Assert.Contains("cat/pipe.png' is a pipe, a device or a socket.", alone.Error, StringComparison.Ordinal);
        Assert.True(FileKind.IsFile(folder["pictures/dog/1.png"]));
        Assert.False(FileKind.IsFile("/dev/null"));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_folder_that_cannot_be_listed_whole_is_refused()
    {
        using var folder = new TemporaryFolder();
        Fill(folder["pictures"]);
        const UnixFileMode All = UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | All);
        UnixFileMode before = File.GetUnixFileMode(folder["pictures/dog"]);
        File.SetUnixFileMode(folder["pictures/dog"], UnixFileMode.None);
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() =>
        {
            // What this needs of the program is loaded while its files can be read.
            Assert.Equal(15, ImportSourceFile.ListFiles(folder["pictures/cat"]).Count);
            Assert.NotNull(Record.Exception(() => ImportSourceFile.ListFiles(folder["nowhere"])));
            if (OperatingSystem.IsLinux())
            {
                // Root may list anything: this thread, and it alone, becomes somebody else to the file system.
                _ = SetFileSystemUser(65534);
            }

            ImportSourceFile.ListFiles(folder["pictures"]);
        }));
        thread.Start();
        thread.Join();
        File.SetUnixFileMode(folder["pictures/dog"], before);

        Assert.Contains("cannot be read whole", Assert.IsType<CommandException>(error).Message, StringComparison.Ordinal);
        Assert.Contains("pictures/dog", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Imports_that_others_asked_for_are_left_to_the_service()
    {
        using var folder = new TemporaryFolder();
        using var database = new SqliteTestDatabase();
        Fill(folder["pictures"]);
        await using (RunningService service = await RunningService.StartAsync(database))
        {
            JobResponse others = await service.Client.ImportAsync("default", Archives.Zip(("1.png", Pictures.Png(1))));
            others.AssertSucceeded(1);
        }

        Assert.Equal(1, await database.ExecuteAsync("UPDATE jobs SET state = 1, finished_at = NULL, checkpoint = NULL, not_before_ms = 0"));

        CliRun run = await CliRun.Of("import", folder["pictures"], "--data", database.DataFolder);

        Assert.Equal((0, "31 accepted: 30 indexed, 0 unchanged, 1 rejected.\n"), (run.ExitCode, run.Output));
        Assert.Equal(1, await database.ReadAsync<int>("SELECT state FROM jobs ORDER BY id LIMIT 1"));
    }

    [Fact]
    public void Hosts_of_feeds_are_those_of_the_service_and_its_cleaning_is_left_to_it()
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Dpfah:ImportHosts:0", "*.shop.example"), new("Dpfah:ImportPrivateHosts:0", "cdn.shop.example:8080")]).Build();

        EngineOptions options = LocalImport.OptionsOf(null, "data", configuration);

        Assert.Equal(["*.shop.example"], options.ImportHosts);
        Assert.Equal(["cdn.shop.example:8080"], options.ImportPrivateHosts);
        Assert.Equal((0L, false), (options.OnlyJob, options.Housekeeping));
    }

    [Fact]
    public async Task An_import_that_fails_ends_with_1_and_its_reason()
    {
        using var folder = new TemporaryFolder();
        byte[] tar = Archives.Tar(Enumerable.Range(0, 20).Select(n => ($"{n}.png", Pictures.Png(n))));
        File.WriteAllBytes(folder["cut.tar"], tar[..^4096]);

        CliRun run = await CliRun.Of("import", folder["cut.tar"], "--data", folder["data"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("failed: The upload cannot be read any further behind entry", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no file or folder '/nowhere'.", "/nowhere")]
    [InlineData("--url must be an address", "/", "--url", "nowhere")]
    [InlineData("Cannot parse argument 'delete' for option '--mode'", "/", "--mode", "delete")]
    public async Task A_wrong_command_line_ends_with_2(string message, params string[] arguments)
    {
        CliRun run = await CliRun.Of(["import", .. arguments]);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint user);

    private static void Fill(string folder)
    {
        for (int n = 0; n < 30; n++)
        {
            string label = Path.Combine(folder, n % 2 == 0 ? "cat" : "dog");
            Directory.CreateDirectory(label);
            File.WriteAllBytes(Path.Combine(label, $"{n}.png"), Pictures.Png(n));
        }

        File.WriteAllText(Path.Combine(folder, "dog", "notes.txt"), "no picture");
        File.WriteAllText(Path.Combine(folder, ".DS_Store"), "junk");
    }
}
