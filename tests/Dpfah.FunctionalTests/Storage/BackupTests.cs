using System.Net;
using System.Text.Json;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>A backup of a running service, taken as deploy/README.md says, gives all of it back in an empty place.</summary>
public abstract class BackupTests
{
    private const int Images = 40;

    // Written to while the backup is taken.
    private static readonly string[] Busy = ["items", "codes", "previews", "changes", "database_info", "sqlite_sequence"];

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    /// <summary>Names of all tables.</summary>
    protected abstract string TablesQuery { get; }

    /// <summary>Takes a backup and restores it in an empty place.</summary>
    protected abstract Task<TestDatabase> RestoreAsync(TestDatabase database, string file);

    [Fact]
    public async Task A_backup_of_a_running_service_gives_all_back_in_an_empty_place()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        await FillAsync(service);
        Picture before = await LookAsync(service, database);
        string position = (await service.Client.FindAsync(Pictures.Png(0))).Position;

        // Others go on uploading.
        (await service.Client.SendAsync(HttpMethod.Put, "/collections/busy")).AssertStatus(HttpStatusCode.Created);
        var uploaded = new List<string>();
        using var stopping = new CancellationTokenSource();
        Task uploads = Task.Run(async () =>
        {
            for (int n = 0; !stopping.IsCancellationRequested; n++)
            {
                await service.Client.AddAsync("busy", $"b{n}", Pictures.Png(500 + n));
                lock (uploaded)
                {
                    uploaded.Add($"b{n}");
                }
            }
        });
        string[] acknowledged = await Eventually.BecomesAsync(() => Task.FromResult(Copy(uploaded)), found => found.Length >= 10);
        using var folder = new TemporaryFolder();
        using TestDatabase restored = await RestoreAsync(database, folder["backup"]);
        await stopping.CancelAsync();
        await uploads;

        // Ready means that index and digests agree.
        await using RunningService again = await RunningService.StartAsync(restored);
        Picture after = await LookAsync(again, restored);
        Assert.Equal(before.Rows, after.Rows);
        Assert.Equal(before.Digests, after.Digests);
        Assert.Equal(before.Answers, after.Answers);
        Assert.Equal(before.Previews, after.Previews);
        Assert.Superset(acknowledged.ToHashSet(), (await again.Client.ListAsync("busy")).Select(image => image.Id).ToHashSet());

        // What callers remember from before is refused, not misunderstood.
        (await again.Client.SearchAsync(Pictures.Png(0), $"?minPosition={position}")).ReadProblem(HttpStatusCode.Conflict, "other-epoch");
        ImageResponse added = await again.Client.AddAsync("default", "new", Pictures.Png(900));
        Assert.Equal("new", (await again.Client.FindAsync(Pictures.Png(900), $"?minPosition={added.Position}")).Hits[0].Id);
        Assert.NotEqual(position.Split(':')[0], added.Position!.Split(':')[0]);
    }

    private static string[] Copy(List<string> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }

    private static async Task FillAsync(RunningService service)
    {
        ApiClient client = service.Client;
        (await client.SendAsync(HttpMethod.Put, "/collections/second")).AssertStatus(HttpStatusCode.Created);
        await client.UploadAsync("default", 0, Images, _ => ["dog"]);
        await client.AddAsync("second", "ä/ö \"1\"", Pictures.Png(1), ["cat", "dog"], """{"price": 12.5}""");
        (await client.DeleteAsync(ApiClient.ImagePath("default", "p3"))).AssertStatus(HttpStatusCode.NoContent);
        (await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath("default", "p4"), """{"labels":["fox"]}""")).AssertStatus(HttpStatusCode.OK);
        await service.AddModelAsync("other-64");
        await client.FillAsync("default", "other-64");
        await Eventually.BecomesAsync(
            () => Task.FromResult(service.Services.GetRequiredService<IndexFollower>().Collections.Values.Sum(c => c.Snapshot.Count)), count => count == Images);
    }

    /// <summary>All that must be the same.</summary>
    private async Task<Picture> LookAsync(RunningService service, TestDatabase database)
    {
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (string table in (await database.ReadAsync<string>(TablesQuery)).Split(',').Except(Busy))
        {
            rows[table] = await database.ReadAsync<long>($"SELECT count(*) FROM \"{table}\"{(table is "collections" or "generations" ? " WHERE " + NotBusy(table) : "")}");
        }

        rows["items"] = await database.ReadAsync<long>("SELECT count(*) FROM items i JOIN collections c ON c.id = i.collection_id WHERE c.name <> 'busy'");
        foreach (string table in (string[])["codes", "previews"])
        {
            rows[table] = await database.ReadAsync<long>(
                $"SELECT count(*) FROM {table} t JOIN items i ON i.number = t.item_number JOIN collections c ON c.id = i.collection_id WHERE c.name <> 'busy'");
        }

        var answers = new List<string>();
        for (int i = 0; i < 10; i++)
        {
            SearchResponse found = await service.Client.FindAsync(Pictures.Png(i), "?k=100&include=metadata");
            answers.Add(JsonSerializer.Serialize(new { found.Generation, found.Query, found.Ranking, found.Hits }));
        }

        Answer preview = await service.Client.GetAsync($"{ApiClient.ImagePath("second", "ä/ö \"1\"")}/preview");
        return new Picture(
            rows,
            [.. service.Services.GetRequiredService<IndexFollower>().Collections.Values.Where(c => c.Name != "busy").OrderBy(c => c.Name, StringComparer.Ordinal)
                .Select(c => $"{c.Name} {c.Generation.Id} {c.Snapshot.Count} {c.Digest:x}")],
            answers,
            Convert.ToHexString(preview.Body));
    }

    private static string NotBusy(string table) => table == "collections" ? "name <> 'busy'" : "collection_id NOT IN (SELECT id FROM collections WHERE name = 'busy')";

    private sealed record Picture(SortedDictionary<string, long> Rows, IReadOnlyList<string> Digests, IReadOnlyList<string> Answers, string Previews);
}

public sealed class BackupTests_Postgres(PostgresServer server, OwnCluster other) : BackupTests, IClassFixture<OwnCluster>
{
    protected override string TablesQuery => "SELECT string_agg(table_name::text, ',') FROM information_schema.tables WHERE table_schema = 'public'";

    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);

    protected override async Task<TestDatabase> RestoreAsync(TestDatabase database, string file)
    {
        TestDatabase restored = await other.CreateDatabaseAsync();
        await RunAsync(database, "pg_dump", "-Fc", "-f", file);
        await RunAsync(restored, "pg_restore", "--exit-on-error", "-d", "", file);
        return restored;
    }

    /// <summary>Runs one of PostgreSQL's programs on a database; an empty argument stands for its name.</summary>
    private static async Task RunAsync(TestDatabase database, string program, params string[] arguments)
    {
        PostgresPrograms programs = await PostgresPrograms.FindAsync()
            ?? throw new InvalidOperationException("This test needs pg_dump and pg_restore. Install PostgreSQL's programs (Debian, Ubuntu: apt-get install postgresql).");
        var connection = new NpgsqlConnectionStringBuilder(((PostgresTestDatabase)database).ConnectionString);
        CommandResult result = await Command.TryRunAsync(
            null,
            new Dictionary<string, string?>
            {
                ["PGHOST"] = connection.Host,
                ["PGPORT"] = $"{connection.Port}",
                ["PGUSER"] = connection.Username,
                ["PGPASSWORD"] = connection.Password,
                ["PGDATABASE"] = connection.Database,
            },
            programs.PathOf(program),
            arguments.Select(argument => argument.Length == 0 ? connection.Database! : argument));
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }
}

public sealed class BackupTests_Sqlite : BackupTests
{
    protected override string TablesQuery => "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'";

    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());

    protected override async Task<TestDatabase> RestoreAsync(TestDatabase database, string file)
    {
        await database.ExecuteAsync($"VACUUM INTO '{file}'");
        var restored = new SqliteTestDatabase();
        Directory.CreateDirectory(restored.DataFolder);
        File.Copy(file, Path.Combine(restored.DataFolder, "dpfah.db"));
        return restored;
    }
}
