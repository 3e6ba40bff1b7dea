using System.Net;
using Dpfah.Api.Images;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Imaging;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>
/// The disk of the database is really full: every write says so, searches go on, nothing is lost or corrupt, and writes go on when there is
/// room, without a restart of the service.
/// </summary>
public sealed class FullDiskTests_Sqlite
{
    [Fact]
    public async Task A_full_disk_of_the_file_is_survived()
    {
        using var database = new SqliteTestDatabase();
        Directory.CreateDirectory(database.DataFolder);
        await using SmallDisk disk = await SmallDisk.CreateAsync(database.DataFolder, megabytes: 32);
        var uploads = new FullDiskUploads();
        await using (ServiceProcess service = HostProcess.StartOnSmallDisk(database, disk))
        {
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            await uploads.FillAsync(client, () => disk.Fill(leave: 400_000));
            await uploads.AssertRefusedAsync(client);

            disk.Free();

            await uploads.AssertGoOnAsync(client);
            Assert.Equal(0, await service.TerminateAsync());
            Assert.DoesNotContain("Unhandled", service.Log, StringComparison.Ordinal);
        }

        // SQLite does not find its way through another process's view of the files.
        using var copy = new SqliteTestDatabase();
        Directory.CreateDirectory(copy.DataFolder);
        foreach (string file in Directory.GetFiles(disk.Outside, "dpfah.db*"))
        {
            File.Copy(file, Path.Combine(copy.DataFolder, Path.GetFileName(file)));
        }

        Assert.Equal("ok", await copy.ReadAsync<string>("PRAGMA integrity_check"));
        await using RunningService again = await RunningService.StartAsync(copy); // Which is ready when the digests agree.
        await uploads.AssertThereAsync(again.Client);
        SqliteConnection.ClearAllPools();
    }
}

/// <inheritdoc cref="FullDiskTests_Sqlite"/>
public sealed class FullDiskTests_Postgres
{
    [Fact]
    public async Task A_full_disk_of_the_server_is_survived()
    {
        PostgresPrograms programs = await PostgresPrograms.FindAsync()
            ?? throw new InvalidOperationException("PostgreSQL's server programs are needed, for a server whose disk is small: a container's is this machine's.");

        await using LocalPostgresCluster cluster = await LocalPostgresCluster.StartNewAsync(programs, diskMegabytes: 160);
        using TestDatabase database = new PostgresTestDatabase(await cluster.CreateDatabaseAsync());
        var uploads = new FullDiskUploads();
        await using (RunningService service = await RunningService.StartAsync(database))
        {
            // The log has room: it is the tables that have none.
            await WriteLogAsync(database, megabytes: 64);
            await uploads.FillAsync(service.Client, () => cluster.Disk.Fill(leave: 400_000));
            await uploads.AssertRefusedAsync(service.Client);

            cluster.Disk.Free();
            await uploads.AssertGoOnAsync(service.Client);

            // Without room for its log the server itself goes down, and may not come back before there is room.
            cluster.Disk.Fill(leave: 0);
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => WriteLogAsync(database, megabytes: 200));
            await uploads.AssertFoundAsync(service.Client);

            cluster.Disk.Free();
            await cluster.EnsureStartedAsync();
            await Eventually.BecomesAsync(() => service.Client.GetAsync("/health/ready"), ready => ready.Status == HttpStatusCode.OK);
            await uploads.AssertGoOnAsync(service.Client);
            TestContext.Current.TestOutputHelper?.WriteLine($"{uploads.Acknowledged} acknowledged, {uploads.Refused} refused");
        }

        await cluster.CheckPagesAsync();
        await using RunningService again = await RunningService.StartAsync(database); // Which is ready when the digests agree.
        await uploads.AssertThereAsync(again.Client);
    }

    /// <summary>Writes to the server's log and nowhere else; what lies before the checkpoint is then room for what comes.</summary>
    private static async Task WriteLogAsync(TestDatabase database, int megabytes)
    {
        await database.ReadAsync<long>(
            $"SELECT count(pg_logical_emit_message(true, 'test', repeat('x', 1000000))) FROM generate_series(1, {megabytes})");
        await database.ExecuteAsync("CHECKPOINT");
    }
}

/// <summary>Uploads to a service whose database's disk is filling up, and what became of each.</summary>
internal sealed class FullDiskUploads
{
    private const int Clients = 8;
    private const int MostUploads = 4_000;

    private static readonly PreviewMaker Previews = new(ImageDecoders.Create(ImageDecoders.Skia));

    private readonly List<int> acknowledged = [];
    private readonly List<int> refused = [];
    private int next;

    public int Acknowledged => acknowledged.Count;

    public int Refused => refused.Count;

    /// <summary>Uploads until the disk is full and a while longer.</summary>
    /// <param name="client">The service's client.</param>
    /// <param name="fill">Fills the disk but for what some hundred uploads take.</param>
    public async Task FillAsync(ApiClient client, Action fill)
    {
        await UploadAsync(client, 40);
        Assert.Empty(refused);
        fill();
        while (refused.Count < 50)
        {
            Assert.True(next < MostUploads, "The disk does not become full.");
            await UploadAsync(client, 40);
        }

        Assert.True(acknowledged.Count > 40);
    }

    /// <summary>On a full disk no write is taken and lost, and all that was acknowledged is found.</summary>
    public async Task AssertRefusedAsync(ApiClient client)
    {
        foreach (int number in acknowledged.Take(10))
        {
            Answer answer = await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath("default", $"p{number}"), """{"labels":[]}""");
            if (answer.Status != HttpStatusCode.OK)
            {
                answer.ReadProblem(HttpStatusCode.InsufficientStorage, "disk-full");
            }
        }

        await AssertFoundAsync(client);
    }

    /// <summary>What was refused is taken now.</summary>
    public async Task AssertGoOnAsync(ApiClient client)
    {
        foreach (int number in refused)
        {
            (await client.PutAsync("default", $"p{number}", Pictures.Png(number))).AssertStatus(HttpStatusCode.Created);
            acknowledged.Add(number);
        }

        refused.Clear();
        await UploadAsync(client, 20);
        Assert.Empty(refused);
        await AssertThereAsync(client);
    }

    /// <summary>All that was acknowledged is in the catalogue, what was refused is not, and all is found and has its preview, byte for byte.</summary>
    public async Task AssertThereAsync(ApiClient client)
    {
        List<ImageResponse> listed = await client.ListAsync("default");
        Assert.Equal(acknowledged.Select(number => $"p{number}").Order(), listed.Select(image => image.Id).Order());
        await AssertFoundAsync(client);
        await Parallel.ForEachAsync(
            acknowledged,
            new ParallelOptions { MaxDegreeOfParallelism = Clients },
            async (number, _) => Assert.Equal(
                Previews.Make(Pictures.Png(number)).Preview!.Jpeg, (await client.GetAsync($"{ApiClient.ImagePath("default", $"p{number}")}/preview")).Body));
    }

    public Task AssertFoundAsync(ApiClient client) => Parallel.ForEachAsync(
        acknowledged,
        new ParallelOptions { MaxDegreeOfParallelism = Clients },
        async (number, _) => Assert.Equal(($"p{number}", 0), ((await client.FindAsync(Pictures.Png(number), "?k=1")).Hits.Select(hit => (hit.Id, hit.FineDistance)).Single())));

    private async Task UploadAsync(ApiClient client, int count) => await Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = Clients },
        async (_, _) =>
        {
            int number = Interlocked.Increment(ref next);
            Answer answer = await client.PutAsync("default", $"p{number}", Pictures.Png(number));
            if (answer.Status != HttpStatusCode.Created)
            {
                Problem problem = answer.ReadProblem(HttpStatusCode.InsufficientStorage, "disk-full");
                Assert.Contains("Free some space", problem.Detail, StringComparison.Ordinal);
            }

            List<int> list = answer.Status == HttpStatusCode.Created ? acknowledged : refused;
            lock (list)
            {
                list.Add(number);
            }
        });
}
