using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Generations;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Identity;

/// <summary>A process that makes codes in another way than those that are stored says so, with the bits that flip.</summary>
public abstract class IdentityDriftTests
{
    private const int Stored = 120;
    private const int Compared = 100;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task Another_arithmetic_is_told_in_log_and_collection()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, Stored), async (n, _) =>
                (await first.Client.PutAsync("default", $"p{n}", Pictures.Png(n))).AssertStatus(HttpStatusCode.Created));
            Assert.Null((await first.Client.GetAsync("/collections/default")).Read<CollectionResponse>().Drift);
        }

        // The tests' encoder flips the lowest bit of each code under another arithmetic.
        await using (ServiceProcess other = HostProcess.Start(database, new Dictionary<string, string?> { ["DPFAH_TEST_ARITHMETIC"] = "2" }))
        {
            await other.WaitUntilReadyAsync();
            using var client = new ApiClient(other.BaseAddress);

            string line = await other.WaitForLineAsync("bits differ");
            Assert.Contains("'default'", line, StringComparison.Ordinal);
            Assert.Contains($"{Compared} of {64 * Compared} bits differ on {Compared} stored previews", line, StringComparison.Ordinal);
            CollectionResponse collection = (await client.GetAsync("/collections/default")).Read<CollectionResponse>();
            Assert.Equal(new DriftResponse("skia 1", "skia 2", Compared, Compared, 64 * Compared), collection.Drift);

            // Answers go on, with that error.
            SearchResponse found = await client.FindAsync(Pictures.Png(7), "?k=1000");
            Assert.Equal(1, found.Hits.Single(hit => hit.Id == "p7").Distance);

            // What is made now is of one arithmetic.
            string fresh = await client.CreateCollectionAsync();
            Assert.Null((await client.GetAsync($"/collections/{fresh}")).Read<CollectionResponse>().Drift);
            Assert.Equal("2", (await client.GetAsync($"/collections/{fresh}")).Read<CollectionResponse>().Generation.Arithmetic);
        }

        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Null((await again.Client.GetAsync("/collections/default")).Read<CollectionResponse>().Drift);
    }

    [Fact]
    public async Task Hashing_anew_by_the_same_model_ends_the_drift()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            await first.Client.UploadAsync("default", 0, 20);
        }

        await using (ServiceProcess other = HostProcess.Start(database, new Dictionary<string, string?> { ["DPFAH_TEST_ARITHMETIC"] = "2" }))
        {
            await other.WaitUntilReadyAsync();
            using var client = new ApiClient(other.BaseAddress);
            (_, GenerationStatusResponse generation) = await client.FillAsync("default", "hash-64");
            (await client.ActivateAsync("default", generation.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

            CollectionResponse collection = (await client.GetAsync("/collections/default")).Read<CollectionResponse>();
            Assert.Equal(("2", null), (collection.Generation.Arithmetic, collection.Drift));
            Assert.Equal(0, (await client.FindAsync(Pictures.Png(7), "?k=1000")).Hits.Single(hit => hit.Id == "p7").Distance);
        }

        // Back where the first arithmetic runs: now it is the other generation that drifts, until it is switched.
        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal(20, (await again.Client.GetAsync("/collections/default")).Read<CollectionResponse>().Drift!.FlippedBits);
        int back = (await again.Client.GenerationsAsync("default")).Items[0].Generation.Id;
        (await again.Client.ActivateAsync("default", back)).AssertStatus(HttpStatusCode.OK);
        Assert.Null((await again.Client.GetAsync("/collections/default")).Read<CollectionResponse>().Drift);
    }

    [Fact]
    public async Task Every_node_looks_when_it_sees_a_switch()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService first = await RunningService.StartAsync(database);
        await first.AddModelAsync("other-64");
        await first.Client.UploadAsync("default", 0, 20);
        (_, GenerationStatusResponse generation) = await first.Client.FillAsync("default", "other-64");
        await using ServiceProcess other = HostProcess.Start(database, new Dictionary<string, string?> { ["DPFAH_TEST_ARITHMETIC"] = "2" });
        await other.WaitUntilReadyAsync();
        using var client = new ApiClient(other.BaseAddress);

        // The node that is asked makes codes as they are stored; the other does not.
        (await first.Client.ActivateAsync("default", generation.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

        CollectionResponse seen = await Eventually.BecomesAsync(
            async () => (await client.GetAsync("/collections/default")).Read<CollectionResponse>(),
            collection => collection is { Generation.Model: "other-64", Drift: not null });
        Assert.Equal(new DriftResponse("skia 1", "skia 2", 20, 20, 64 * 20), seen.Drift);
        CollectionResponse asked = (await first.Client.GetAsync("/collections/default")).Read<CollectionResponse>();
        Assert.Equal(("other-64", null), (asked.Generation.Model, asked.Drift));
    }
}

public sealed class IdentityDriftTests_Postgres(PostgresServer server) : IdentityDriftTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class IdentityDriftTests_Sqlite : IdentityDriftTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
