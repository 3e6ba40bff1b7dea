using System.Net;
using System.Security.Cryptography;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>What is stored stays under its limits, however many send at once.</summary>
public abstract class QuotaTests(TightService fixture)
{
    private const string QuotaExceeded = "quota-exceeded";
    private const string SpoolFull = "spool-full";

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_collection_takes_as_many_pictures_as_it_may_from_all_that_send_at_once()
    {
        await using RunningService other = await RunningService.StartAsync(fixture.Database, "--Dpfah:ImagesPerCollection", $"{TightService.Quota}");
        string collection = await client.CreateCollectionAsync();
        await Eventually.BecomesAsync(() => other.Client.GetAsync($"/collections/{collection}"), found => found.Status == HttpStatusCode.OK);

        // Two at once of each node: more are not in work at a time here.
        Answer[] answers = [.. (await Task.WhenAll(
            Enumerable.Range(0, 2 * TightService.InWork).Select(sender => SendAsync(sender % 2 == 0 ? client : other.Client, collection, sender)))).SelectMany(sent => sent)];

        Assert.Equal(TightService.Quota, answers.Count(answer => answer.Status == HttpStatusCode.Created));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Created), answer =>
        {
            Problem problem = answer.ReadProblem(HttpStatusCode.Conflict, QuotaExceeded);
            Assert.Contains($"has {TightService.Quota} pictures", problem.Detail, StringComparison.Ordinal);
            Assert.Contains("Dpfah:ImagesPerCollection", problem.Detail, StringComparison.Ordinal);
        });
        string[] kept = [.. (await client.ListAsync(collection)).Select(image => image.Id)];
        Assert.Equal(TightService.Quota, kept.Length);

        // What is there may change; what goes makes room, once.
        (await client.PutAsync(collection, kept[0], Pictures.Png(1000))).AssertStatus(HttpStatusCode.OK);
        (await client.PutAsync(collection, "new", Pictures.Png(1001))).ReadProblem(HttpStatusCode.Conflict, QuotaExceeded);
        (await client.DeleteAsync(ApiClient.ImagePath(collection, kept[0]))).AssertStatus(HttpStatusCode.NoContent);
        (await other.Client.PutAsync(collection, "new", Pictures.Png(1001))).AssertStatus(HttpStatusCode.Created);
        (await client.PutAsync(collection, "newer", Pictures.Png(1002))).ReadProblem(HttpStatusCode.Conflict, QuotaExceeded);
    }

    [Fact]
    public async Task Pictures_that_come_and_go_at_once_never_make_more_than_a_collection_may_have()
    {
        await using RunningService other = await RunningService.StartAsync(fixture.Database, "--Dpfah:ImagesPerCollection", $"{TightService.Quota}");
        string collection = await client.CreateCollectionAsync();
        await Eventually.BecomesAsync(() => other.Client.GetAsync($"/collections/{collection}"), found => found.Status == HttpStatusCode.OK);

        int[][] counts = await Task.WhenAll(
            ComeAndGoAsync(client, collection, 1), ComeAndGoAsync(client, collection, 2), ComeAndGoAsync(other.Client, collection, 3), ComeAndGoAsync(other.Client, collection, 4));

        Assert.Equal(TightService.Quota, counts.Max(seen => seen.Max()));

        // What is counted is what is there: it can be filled, and no further.
        for (int kept = (await client.ListAsync(collection)).Count; kept < TightService.Quota; kept++)
        {
            (await client.PutAsync(collection, $"filled-{kept}", Pictures.Png(2000 + kept))).AssertStatus(HttpStatusCode.Created);
        }

        (await other.Client.PutAsync(collection, "over", Pictures.Png(3000))).ReadProblem(HttpStatusCode.Conflict, QuotaExceeded);
    }

    [Fact]
    public async Task An_import_fills_a_collection_and_says_what_there_was_no_room_for()
    {
        string collection = await client.CreateCollectionAsync();
        await client.AddAsync(collection, "0.png", Pictures.Png(0));
        byte[] archive = Archives.Zip(Enumerable.Range(0, 2 * TightService.Quota).Select(n => ($"{n}.png", Pictures.Png(n))));

        JobResponse job = await client.ImportAsync(collection, archive, "?mode=replace");

        Assert.Equal(JobState.Failed, job.State);
        Assert.Contains("Dpfah:ImagesPerCollection", job.Error, StringComparison.Ordinal);
        Assert.Equal(new JobCounts(2 * TightService.Quota, TightService.Quota - 1, 1, TightService.Quota), job.Counts);
        Assert.Equal(
            Enumerable.Range(TightService.Quota, TightService.Quota).Select(n => $"{n}.png: {QuotaExceeded}"), await client.RejectionsAsync(job.Id));
        Assert.Equal(TightService.Quota, (await client.ListAsync(collection)).Count);
    }

    [Fact]
    public async Task Uploads_that_wait_have_a_ceiling_together()
    {
        string collection = await client.CreateCollectionAsync();
        byte[] large = [.. Archives.Zip(("a.png", Pictures.Png(1))), .. RandomNumberGenerator.GetBytes(TightService.Spooled)];

        // Whether it says how long it is, or sends and sends.
        Answer told = await client.SendImportAsync(collection, large);
        Problem problem = told.ReadProblem(HttpStatusCode.InsufficientStorage, SpoolFull);
        Assert.Contains("Dpfah:SpooledBytes", problem.Detail, StringComparison.Ordinal);
        Assert.Equal("60", Assert.Single(told.Headers.GetValues("Retry-After")));
        using var untold = new StreamContent(new MemoryStream(large));
        untold.Headers.ContentType = new("application/zip");
        (await client.SendAsync(HttpMethod.Post, $"/collections/{collection}/imports", untold, ("Transfer-Encoding", "chunked")))
            .ReadProblem(HttpStatusCode.InsufficientStorage, SpoolFull);
        (await client.SendAsync(HttpMethod.Post, "/models", new MultipartFormDataContent { { ApiClient.Raw(large), "head", "head.safetensors" } }))
            .ReadProblem(HttpStatusCode.InsufficientStorage, SpoolFull);

        Assert.Equal(0, await fixture.Database.ReadAsync<long>("SELECT count(*) FROM blobs WHERE job_id IS NULL"));

        // What jobs store for themselves takes no room from uploads.
        await fixture.Service.Services.GetRequiredService<BlobStore>().SpoolAsync(new MemoryStream(large), "checkpoint", long.MaxValue, CancellationToken.None);
        (await client.ImportAsync(collection, Archives.Zip(("a.png", Pictures.Png(1))))).AssertSucceeded(indexed: 1);
    }

    /// <summary>Adds pictures; whenever there is no room, deletes one.</summary>
    /// <returns>How many there were after each.</returns>
    private static async Task<int[]> ComeAndGoAsync(ApiClient client, string collection, int sender)
    {
        var counts = new List<int>();
        for (int n = 0; n < 25; n++)
        {
            Answer put = await client.PutAsync(collection, $"{sender}-{n}", Pictures.Png((100 * sender) + n));
            string[] there = [.. (await client.ListAsync(collection)).Select(image => image.Id)];
            counts.Add(there.Length);
            if (put.Status != HttpStatusCode.Created)
            {
                put.ReadProblem(HttpStatusCode.Conflict, QuotaExceeded);
                await (there.Length == 0 ? Task.CompletedTask : client.DeleteAsync(ApiClient.ImagePath(collection, there[0])));
            }
        }

        return [.. counts];
    }

    private static async Task<Answer[]> SendAsync(ApiClient client, string collection, int sender)
    {
        var answers = new List<Answer>();
        for (int n = 0; n < TightService.Quota; n++)
        {
            answers.Add(await client.PutAsync(collection, $"{sender}-{n}", Pictures.Png((100 * sender) + n)));
        }

        return [.. answers];
    }
}

public sealed class QuotaTests_Postgres(TightPostgresService fixture) : QuotaTests(fixture), IClassFixture<TightPostgresService>;

public sealed class QuotaTests_Sqlite(TightSqliteService fixture) : QuotaTests(fixture), IClassFixture<TightSqliteService>;
