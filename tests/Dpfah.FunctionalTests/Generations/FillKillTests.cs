using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Generations;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Generations;

/// <summary>The service is killed while it fills a generation.</summary>
public abstract class FillKillTests
{
    private const int Count = 160;
    private const string Collection = "default";

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_generation_that_was_being_filled_is_filled_on_after_a_kill()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService before = await RunningService.StartAsync(database))
        {
            // 160 pictures take a second and a half.
            await before.AddModelAsync("other-64", milliseconds: 9);
            await before.Client.UploadAsync(Collection, 0, Count);
        }

        long job;
        await using (ServiceProcess service = Start(database))
        {
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            job = (await client.AskAsync(Collection, "other-64")).Read<JobResponse>(HttpStatusCode.Accepted).Id;

            // After the first batch of 128, while the second is hashed.
            GenerationList list = await Eventually.BecomesAsync(() => client.GenerationsAsync(Collection), list => list.Items[1].Pictures > 0);
            Assert.Equal((GenerationProgress.Filling, 128), (list.Items[1].State, list.Items[1].Pictures));
            await service.KillAsync();
        }

        await using (ServiceProcess last = Start(database))
        {
            await last.WaitUntilReadyAsync();
            using var client = new ApiClient(last.BaseAddress);
            JobResponse ended = await client.EndOfAsync(job);
            Assert.True(ended.State == JobState.Succeeded, ended.Error);
            Assert.Equal((Count, Count), (ended.Counts.Accepted, ended.Counts.Indexed));
            GenerationStatusResponse generation = (await client.GenerationsAsync(Collection)).Items[1];
            Assert.Equal((GenerationProgress.Ready, Count, 0), (generation.State, generation.Pictures, generation.Missing));
            (await client.ActivateAsync(Collection, generation.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);
            await client.AssertCodesAsync(Collection, "other-64");
        }

        await using RunningService again = await RunningService.StartAsync(database);
        CollectionResponse collection = (await again.Client.GetAsync($"/collections/{Collection}")).Read<CollectionResponse>();
        Assert.Equal(("other-64", Count), (collection.Generation.Model, collection.Pictures));
    }

    // A killed worker's job is taken over after three seconds. Less would be lost by a worker that lives, on a busy machine.
    private static ServiceProcess Start(TestDatabase database) =>
        HostProcess.Start(database, new Dictionary<string, string?> { ["Dpfah__JobLease"] = "00:00:03" });
}

public sealed class FillKillTests_Postgres(PostgresServer server) : FillKillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class FillKillTests_Sqlite : FillKillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
