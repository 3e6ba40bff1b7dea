using System.Net;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Hosting;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>A full disk is told as such, by whoever meets it.</summary>
public sealed class DiskFullTests(PostgresServer server)
{
    // A device on which every write fails as on a full disk.
    private const string FullDevice = "/dev/full";

    [Fact]
    public async Task A_full_disk_of_this_machine_is_told_as_507()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(
            database, services => services.AddSingleton<IImageEncoderFactory>(new FailingEncoder(WriteToFullDevice)));

        Problem problem = (await service.Client.PutAsync("default", "a", Pictures.Png(1))).ReadProblem(HttpStatusCode.InsufficientStorage, "disk-full");

        Assert.Contains("Free some space", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("was answered 507, the disk is full", service.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_of_the_database_server_is_told_as_507()
    {
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        await using RunningService service = await RunningService.StartAsync(database);
        await database.ExecuteAsync(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$");
        await database.ExecuteAsync("CREATE TRIGGER refuse BEFORE INSERT ON previews FOR EACH ROW EXECUTE FUNCTION refuse()");

        (await service.Client.PutAsync("default", "a", Pictures.Png(1))).ReadProblem(HttpStatusCode.InsufficientStorage, "disk-full");

        await database.ExecuteAsync("DROP TRIGGER refuse ON previews");
        (await service.Client.PutAsync("default", "a", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_full_disk_of_temporary_files_is_told_to_who_sends_a_model_and_is_free_again_afterwards()
    {
        using var database = new SqliteTestDatabase();
        using var folder = new TemporaryFolder();
        await using SmallDisk disk = await SmallDisk.CreateAsync(folder.Path, megabytes: 2);
        await using ServiceProcess service = HostProcess.StartOnSmallDisk(database, disk, new Dictionary<string, string?> { ["TMPDIR"] = folder.Path });
        await service.WaitUntilReadyAsync();
        using var client = new ApiClient(service.BaseAddress);

        Problem problem = (await SendModelAsync(bytes: 3 << 20)).ReadProblem(HttpStatusCode.InsufficientStorage, "disk-full");

        Assert.Contains("Free some space", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("was answered 507, the disk is full", service.Log, StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
        {
            (await SendModelAsync(bytes: 1 << 20)).ReadProblem(HttpStatusCode.UnprocessableEntity, "bad-model");
        }

        (await client.PutAsync("default", "a", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);

        Task<Answer> SendModelAsync(int bytes) => client.SendAsync(HttpMethod.Post, "/models", new MultipartFormDataContent
        {
            { ApiClient.Raw(new byte[1000]), "head", "head.safetensors" },
            { ApiClient.Raw(new byte[bytes]), "backbone", "backbone.safetensors" },
        });
    }

    [Fact]
    public void A_full_file_of_SQLite_is_known()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Execute("PRAGMA max_page_count = 4");
        Execute("CREATE TABLE t (x BLOB)");

        var error = Assert.Throws<SqliteException>(() => Execute("INSERT INTO t VALUES (zeroblob(1000000))"));

        Assert.True(DiskSpace.IsFull(new InvalidOperationException("It failed.", error)));
        Assert.False(DiskSpace.IsFull(new IOException("The body ended early.")));

        void Execute(string sql)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    private static IOException WriteToFullDevice()
    {
        using FileStream full = new(FullDevice, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        return Assert.Throws<IOException>(() => full.WriteByte(1));
    }
}
