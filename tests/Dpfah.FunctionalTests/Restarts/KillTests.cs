using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>What was acknowledged is never lost, however the service ends, or its database.</summary>
public abstract class KillTests
{
    private const int Clients = 50;

    // A database that cannot be killed apart from the service is a file.
    private const int LivesPerDatabaseKill = 10;

    // Five long runs make 100,000 writes over 200 kills of the service and 20 of PostgreSQL; each is over in minutes, and begins anew.
    private static readonly int Kills = LongForm.Choose(6, 40);
    private static readonly int Writes = LongForm.Choose(300, 20_000);

    /// <summary>The database server, which is killed too; null for a file.</summary>
    protected virtual PostgresCluster? Server => null;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    [Trait(LongForm.Trait, "kills")]
    public async Task Pictures_that_were_acknowledged_are_there_once_and_found_after_each_kill()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        var random = new Random(LongForm.Seed());
        var all = new List<Uploads.Uploaded>();
        IReadOnlyCollection<Uploads.Uploaded> latest = [];
        int next = 0, killed = 0, databaseKilled = 0;
        int databaseKills = Server is null ? 0 : LongForm.Choose(2, Kills / LivesPerDatabaseKill);
        while (killed < Kills)
        {
            await using ServiceProcess service = HostProcess.Start(database, QuickStart);
            await service.WaitUntilReadyAsync(); // Which it is when the digests of its index and of the database agree.
            using var client = new ApiClient(service.BaseAddress);
            await AssertFoundAsync(client, latest);
            await AssertFoundByPictureAsync(client, latest.TakeLast(10));

            // By turns with the very first answer, which is sent while little else is done, and amid many others.
            int share = Math.Max(2, (Writes - all.Count) / (Kills - killed));
            int answers = killed % 4 == 0 ? 1 : killed == Kills - 1 ? Math.Max(1, Writes - all.Count) : random.Next(share / 2, share * 7 / 4);
            bool databaseToo = databaseKilled * Kills < databaseKills * killed;
            bool serviceLivesOn = databaseKilled % 2 == 0;
            var uploads = new Uploads(client, () => Interlocked.Increment(ref next), Clients, answers);
            await uploads.Reached;
            if (databaseToo && serviceLivesOn)
            {
                // The service lives on, and goes on with its database.
                await KillServerAsync(uploads);
                databaseKilled++;
                int before = uploads.Count;
                await Eventually.BecomesAsync(() => Task.FromResult(uploads.Count), count => count > before + Clients);
            }

            await service.KillAsync();
            if (databaseToo && !serviceLivesOn)
            {
                await KillServerAsync(uploads);
                databaseKilled++;
            }

            latest = await uploads.StopAsync();
            all.AddRange(latest);
            killed++;
        }

        await using (ServiceProcess last = HostProcess.Start(database, QuickStart))
        {
            await last.WaitUntilReadyAsync();
            using var reader = new ApiClient(last.BaseAddress);
            await AssertThereOnceAsync(reader, all, next);
            await AssertFoundAsync(reader, all);
            await AssertFoundByPictureAsync(reader, all.Where((_, i) => i % LongForm.Choose(4, 50) == 0));
        }

        Assert.True(all.Count >= Math.Max(Writes, Kills), $"Only {all.Count} writes.");
        LongForm.Record(
            $"kills, {database.Provider}",
            $"{all.Count:N0} acknowledged writes over {killed} kills of the service and {databaseKilled} of the database: 0 lost, 0 twice, all found, digests agree");
        Counts.Report($"kills-{database.Provider}", killed, LongForm.Choose(6, 40));
        if (databaseKills > 0)
        {
            Counts.Report($"database-kills-{database.Provider}", databaseKilled, databaseKills);
        }
    }

    [Fact]
    public async Task A_stop_that_is_asked_for_answers_what_has_begun_and_ends_with_code_0()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        IReadOnlyCollection<Uploads.Uploaded> answered;
        await using (ServiceProcess service = HostProcess.Start(database, QuickStart))
        {
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            var uploads = new Uploads(client, NumberSource(), Clients, 100);
            await uploads.Reached;

            Assert.Equal(0, await service.TerminateAsync());

            answered = await uploads.StopAsync();
            Assert.DoesNotContain("fail:", service.Log, StringComparison.Ordinal);
            Assert.DoesNotContain("Unhandled", service.Log, StringComparison.Ordinal);
        }

        await using ServiceProcess again = HostProcess.Start(database);
        await again.WaitUntilReadyAsync();
        using var reader = new ApiClient(again.BaseAddress);
        await AssertFoundAsync(reader, answered);
        await AssertFoundByPictureAsync(reader, answered);
    }

    // A process that lives for seconds gains nothing by watching itself for what to compile better.
    private static Dictionary<string, string?> QuickStart => new() { ["DOTNET_TieredPGO"] = "0", [HostProcess.IsolateDecoder] = "true" };

    private static Func<int> NumberSource()
    {
        int next = 0;
        return () => Interlocked.Increment(ref next);
    }

    private async Task KillServerAsync(Uploads uploads)
    {
        uploads.DatabaseMayBeAway();
        await Server!.CrashAsync();
        await Server.StartAsync();
    }

    /// <summary>The catalogue has all that were acknowledged, each once and with its own bytes, and nothing that was not sent.</summary>
    private static async Task AssertThereOnceAsync(ApiClient client, List<Uploads.Uploaded> acknowledged, int sent)
    {
        List<ImageResponse> listed = await client.ListAsync("default");
        Dictionary<string, ImageResponse> there = listed.ToDictionary(image => image.Id, StringComparer.Ordinal);
        Assert.InRange(there.Count, acknowledged.Count, sent);
        Assert.Equal(there.Count, (await client.GetAsync("/collections/default")).Read<CollectionResponse>().Pictures);
        Assert.Equal(acknowledged.Count, acknowledged.DistinctBy(uploaded => uploaded.Number).Count());
        foreach (Uploads.Uploaded uploaded in acknowledged)
        {
            ImageResponse image = there[Uploads.IdOf(uploaded.Number)];
            Assert.Equal(
                (uploaded.Code, uploaded.Signature, Convert.ToHexStringLower(SHA256.HashData(Pictures.Png(uploaded.Number)))),
                (image.Code, image.Signature, image.Sha256));
        }
    }

    /// <summary>Each of the pictures is the nearest to its own codes.</summary>
    private static async Task AssertFoundAsync(ApiClient client, IEnumerable<Uploads.Uploaded> pictures)
    {
        foreach (Uploads.Uploaded[] some in pictures.Chunk(SearchLimits.MaxBatch))
        {
            var batch = new SearchBatchRequest([.. some.Select(picture => new BatchQueryRequest(picture.Code, picture.Signature, null))]);
            Answer answer = await client.SendJsonAsync(HttpMethod.Post, "/search/batch?k=1", JsonSerializer.Serialize(batch, JsonSerializerOptions.Web));
            IReadOnlyList<SearchOutcome> outcomes = answer.Read<SearchBatchResponse>().Outcomes;
            Assert.Equal(
                some.Select(picture => (Uploads.IdOf(picture.Number), 0, (int?)0)),
                outcomes.Select(outcome => outcome.Result!.Hits[0]).Select(hit => (hit.Id, hit.Distance, hit.FineDistance)));
        }
    }

    private static Task AssertFoundByPictureAsync(ApiClient client, IEnumerable<Uploads.Uploaded> pictures) =>
        Parallel.ForEachAsync(pictures, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (picture, _) =>
        {
            SearchResponse found = await client.FindAsync(Pictures.Png(picture.Number), "?k=1");
            Assert.Equal((Uploads.IdOf(picture.Number), 0, 0), (found.Hits[0].Id, found.Hits[0].Distance, found.Hits[0].FineDistance));
            Assert.Equal((picture.Code, picture.Signature), (found.Query.Code, found.Query.Signature));
        });
}

public sealed class KillTests_Postgres(OwnCluster own) : KillTests, IClassFixture<OwnCluster>
{
    protected override PostgresCluster? Server => own.Cluster;

    protected override Task<TestDatabase> CreateDatabaseAsync() => own.CreateDatabaseAsync();
}

public sealed class KillTests_Sqlite : KillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
