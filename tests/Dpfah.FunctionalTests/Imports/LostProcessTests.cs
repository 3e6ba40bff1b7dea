using System.Text;
using System.Text.Json;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Imports;

/// <summary>What counts as a lost process: a picture is refused for that, and for nothing else that ends an attempt.</summary>
public abstract class LostProcessTests(ServiceFixture fixture)
{
    // The first entry is written, and a process was lost at the next, at work on nothing else.
    private const string OneByOne = """{"entries":1,"deleted":0,"pace":"single","lost":1}""";

    private readonly ApiClient client = fixture.Client;

    private IServiceProvider Services => fixture.Service.Services;

    [Fact]
    public async Task Attempts_that_fail_in_another_way_refuse_no_picture()
    {
        (string collection, string lane, long id) = await QueueAsync();
        JobClaims claims = Services.GetRequiredService<JobClaims>();

        // Two attempts end as with the database away; then this process's own lease runs out.
        for (int attempt = 0; attempt < 2; attempt++)
        {
            JobRun failed = (await claims.ClaimAsync(lane, [ImportJob.KindName], default))!;
            await claims.ReleaseAsync(failed, TimeSpan.Zero, "The database is away.");
        }

        Assert.NotNull(await claims.ClaimAsync(lane, [ImportJob.KindName], default));
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET lease_until_ms = 0, attempts = 2 WHERE id = {id}");
        JobRun run = (await claims.ClaimAsync(lane, [ImportJob.KindName], default))!;
        Assert.Equal((3, false), (run.Attempt, run.WasLost));
        await RunAsync(run);

        Assert.Empty(await client.RejectionsAsync(id));
        Assert.Equal(["p1", "p2"], (await client.ListAsync(collection)).Select(image => image.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_picture_at_which_two_processes_were_lost_is_refused_and_losses_are_counted_anew_behind_it()
    {
        (string collection, string lane, long id) = await QueueAsync();
        JobClaims claims = Services.GetRequiredService<JobClaims>();

        // An attempt that fails in another way, then another process is lost.
        await claims.ReleaseAsync((await claims.ClaimAsync(lane, [ImportJob.KindName], default))!, TimeSpan.Zero, "The database is away.");
        Assert.NotNull(await claims.ClaimAsync(lane, [ImportJob.KindName], default));
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET lease_until_ms = 0, fence = fence + 1 WHERE id = {id}");
        JobRun run = (await claims.ClaimAsync(lane, [ImportJob.KindName], default))!;
        Assert.True(run.WasLost);
        await RunAsync(run);

        Assert.Equal(["p1: lost-process"], await client.RejectionsAsync(id));
        Assert.Equal(["p2"], (await client.ListAsync(collection)).Select(image => image.Id));
        Assert.Equal(
            """{"entries":3,"deleted":0,"pace":"single","lost":0}""",
            await fixture.Database.ReadAsync<string>($"SELECT checkpoint FROM jobs WHERE id = {id}"));
    }

    private Task<string?> RunAsync(JobRun run) => Services.GetServices<IJobHandler>().OfType<ImportJob>().Single().RunAsync(run, default);

    /// <summary>An import of three pictures, of which the first is written, that goes on one by one.</summary>
    private async Task<(string Collection, string Lane, long Id)> QueueAsync()
    {
        string collection = await client.CreateCollectionAsync(), lane = $"lane-{Guid.NewGuid():n}";
        CollectionIndex index = Services.GetRequiredService<SearchService>().Find(collection)!;
        string lines = string.Join('\n', Enumerable.Range(0, 3).Select(n => JsonSerializer.Serialize(new { id = $"p{n}", image = Pictures.Png(n) })));
        using var upload = new MemoryStream(Encoding.UTF8.GetBytes(lines));
        BlobInfo blob = await Services.GetRequiredService<BlobStore>().SpoolAsync(upload, "upload", 1 << 20, default);
        var request = new ImportRequest(blob.Id, ImportFormat.Ndjson, blob.Length, blob.Sha256, LabelSource.None, ImportMode.Merge, false, 0);
        JobRecord job = await Services.GetRequiredService<JobQueue>().EnqueueAsync(
            new NewJob(ImportJob.KindName, lane, JsonSerializer.Serialize(request, JobJson.Options), null, index.CollectionId, collection), [blob.Id], default);
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET checkpoint = '{OneByOne}' WHERE id = {job.Id}");
        return (collection, lane, job.Id);
    }
}

public sealed class LostProcessTests_Postgres(PostgresService fixture) : LostProcessTests(fixture), IClassFixture<PostgresService>;

public sealed class LostProcessTests_Sqlite(SqliteService fixture) : LostProcessTests(fixture), IClassFixture<SqliteService>;
