using System.Net;
using System.Text;
using Dpfah.Api.Evaluations;
using Dpfah.Api.Jobs;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>
/// Jobs that are cancelled while they wait for somebody outside, and while they compute. What waits for a lock:
/// <see cref="HeldJobTests_Postgres"/>; trainings: <see cref="Training.CancelledTrainingTests"/>.
/// </summary>
public abstract class CancelTests
{
    private const int Many = 60_000;
    private const int AtOnce = 20_000;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_job_that_waits_for_a_picture_server_or_for_the_encoder_is_cancelled_within_seconds()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(
            database,
            "--Dpfah:EncodingJobs", "3",
            "--Dpfah:ImportHosts:0", "localhost",
            "--Dpfah:ImportPrivateHosts:0", $"localhost:{server.Port}");

        await Task.WhenAll(
            CancelFetchingAsync(service.Client, server, dryRun: false),
            CancelFetchingAsync(service.Client, server, dryRun: true),
            CancelComparingAsync(service));
    }

    [Fact]
    public async Task A_job_that_computes_or_deletes_is_cancelled_within_seconds()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            await FillAsync(first.Services.GetRequiredService<Database>());
        }

        await using RunningService service = await RunningService.StartAsync(database);
        ApiClient client = service.Client;
        JobResponse measuring = (await client.SendJsonAsync(
            HttpMethod.Post, "/evaluations", """{"model":"hash-64","collection":"default","pictures":200000,"queries":20000}""")).Read<JobResponse>(HttpStatusCode.Accepted);
        JobResponse comparing = (await client.SendJsonAsync(
            HttpMethod.Post, "/collections/default/duplicates", """{"distance":16}""")).Read<JobResponse>(HttpStatusCode.Accepted);
        JobResponse deleting = await client.StartImportAsync("default", Archives.Zip(("one.png", Pictures.Png(1))), "?mode=replace");
        await Task.WhenAll(
            CancelAsync(measuring.Id, "measuring"),
            CancelAsync(comparing.Id, "comparing codes"),
            CancelAsync(deleting.Id, "deleting what the upload lacks"));

        // Nothing half done is told as done; what was deleted is gone, and counted.
        Assert.Empty((await client.GetAsync("/models/hash-64/evaluation")).Read<ModelEvaluationList>().Items);
        (await client.GetAsync($"/collections/default/duplicates/{comparing.Id}")).ReadProblem(HttpStatusCode.Conflict, "job-not-succeeded");
        long deleted = (await client.JobAsync(deleting.Id)).Progress.Done!.Value;
        Assert.InRange(deleted, 0, Many - 1);
        Assert.Equal(Many + 1 - deleted, await database.ReadAsync<long>("SELECT count(*) FROM items"));

        async Task CancelAsync(long id, string stage)
        {
            await Eventually.BecomesAsync(() => client.JobAsync(id), job => job.Progress.Stage == stage, job => $"{job.State} {job.Progress} {job.Error}");
            await client.AssertCancelsAsync(id, stage);
        }
    }

    private static async Task CancelFetchingAsync(ApiClient client, PictureServer server, bool dryRun)
    {
        const int Quick = 50;
        string collection = await client.CreateCollectionAsync();
        IEnumerable<string> paths = Enumerable.Range(0, Quick).Select(n => $"/{n}.png").Concat(Enumerable.Repeat("/slow", 3));
        string feed = "id,url\n" + string.Concat(paths.Select((path, n) => $"{n},{server.Url(path)}\n"));
        JobResponse job = await client.StartImportAsync(collection, Encoding.UTF8.GetBytes(feed), dryRun ? "?dryRun=true" : "", "text/csv");
        await Eventually.BecomesAsync(() => client.JobAsync(job.Id), now => now.Counts.Accepted == Quick && server.Asked("/slow") > 0);

        JobResponse ended = await client.AssertCancelsAsync(job.Id, "importing");

        Assert.Equal(new JobCounts(Quick, Quick, 0, 0), ended.Counts);
        Assert.Equal(dryRun ? 0 : Quick, (await client.ListAsync(collection)).Count);
    }

    /// <summary>Recent searches are hashed by a model that takes twelve seconds for them.</summary>
    private static async Task CancelComparingAsync(RunningService service)
    {
        ApiClient client = service.Client;
        string collection = await client.CreateCollectionAsync();
        await client.UploadAsync(collection, 0, 2);
        await Task.WhenAll(Enumerable.Range(0, 30).Select(n => client.FindAsync(Pictures.Png(1000 + n), $"?collection={collection}")));
        await service.AddModelAsync("slow", milliseconds: 400);
        long id = (await client.AskAsync(collection, "slow", "when-better")).Read<JobResponse>(HttpStatusCode.Accepted).Id;
        int generation = (await client.GenerationsAsync(collection)).Items[1].Generation.Id;
        IndexFollower follower = service.Services.GetRequiredService<IndexFollower>();
        await Eventually.BecomesAsync(() => client.JobAsync(id), job => job.Progress.Stage == "comparing" && follower.FindStandby(generation) is not null);

        await client.AssertCancelsAsync(id, "comparing");

        // It is complete, and nobody has judged it.
        Assert.Equal(
            [(HashEncoding.FirstModel, GenerationProgress.Active), ("slow", GenerationProgress.Ready)],
            (await client.GenerationsAsync(collection)).Items.Select(g => (g.Generation.Model, g.State)));
        Assert.All((await client.GenerationsAsync(collection)).Items, g => Assert.Null(g.Comparison));
        Assert.Equal(HashEncoding.FirstModel, (await client.FindAsync(Pictures.Png(0), $"?collection={collection}")).Generation!.Model);
    }

    /// <summary>Labelled pictures whose codes are at random, so that there is much to compare.</summary>
    private static async Task FillAsync(Database database)
    {
        var random = new Random(6);
        var preview = new Preview([1], 1, 1, "none");
        for (int from = 0; from < Many; from += AtOnce)
        {
            NewItem[] items = [.. Enumerable.Range(from, AtOnce).Select(New)];
            await database.WriteAsync(
                async (context, token) =>
                {
                    Generation generation = await context.Generations.SingleAsync(token);
                    NewItem[] placed = [.. items.Select(item => item with { Codes = [(generation.Id, item.Codes[0].Code)] })];
                    Array.ForEach(placed, item => item.Item.CollectionId = generation.CollectionId);
                    await database.InsertItemsAsync(context, placed, token);
                    return true;
                },
                CancellationToken.None);
        }

        NewItem New(int n)
        {
            byte[] code = new byte[GenerationOrders.Bits / 8], signature = new byte[ImageCode.SignatureBits / 8];
            random.NextBytes(code);
            random.NextBytes(signature);
            var item = new Item { PublicId = $"m{n}", Labels = [$"l{n % 10}"], ContentDigest = new byte[32], Version = 1, CreatedAt = DateTime.UtcNow, UpdatedAt = DateTime.UtcNow };
            return new NewItem(item, preview, [(0, new ImageCode(BinaryCode.FromBytes(code), BinaryCode.FromBytes(signature), Array.Empty<float>()))]);
        }
    }
}

public sealed class CancelTests_Postgres(PostgresServer server) : CancelTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class CancelTests_Sqlite : CancelTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
