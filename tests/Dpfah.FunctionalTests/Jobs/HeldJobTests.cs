using System.Net;
using Dpfah.Api.Evaluations;
using Dpfah.Api.Generations;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>Jobs that wait for a lock amid a transaction are cancelled all the same: their own locks are not in the way of that.</summary>
public sealed class HeldJobTests_Postgres(OwnCluster cluster) : IClassFixture<OwnCluster>
{
    private const string First = "hash-64";
    private const string Second = "other-64";

    // First key of the locks on collections, as PostgresDatabase has it.
    private const int CollectionLocks = 0x44504643;

    [Fact]
    public async Task A_job_that_waits_for_a_lock_is_cancelled_within_seconds()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database, "--Dpfah:EncodingJobs", "4");
        ApiClient client = service.Client;
        await service.AddModelAsync(Second);
        await client.UploadAsync("default", 0, 120, service.LabelsBy(Second));
        await client.FillAsync("default", Second);
        string full = await client.CreateCollectionAsync(), empty = await client.CreateCollectionAsync(), pair = await client.CreateCollectionAsync();
        await client.AddAsync(full, "kept", Pictures.Png(1));
        await client.AddAsync(full, "gone", Pictures.Png(2));

        // A collection of its own: a job that stores something of pictures locks them.
        await client.AddAsync(pair, "a", Pictures.Png(4));
        await client.AddAsync(pair, "b", Pictures.Png(4));
        long emptyId = await database.ReadAsync<long>($"SELECT id FROM collections WHERE name = '{empty}'");

        // In this order, and not all at once: what has written holds the indexes back, for which others wait at their start.
        await using HeldLock figures = await HeldLock.OnWritesAsync(database, "figures");
        JobResponse drawing = await SendAsync("/evaluations", """{"model":"hash-64","collection":"default"}""");
        await Eventually.BecomesAsync(() => client.JobAsync(drawing.Id), job => job.Progress.Stage == "drawing figures");
        await client.AssertCancelsAsync(drawing.Id, "drawing figures");
        await using HeldLock members = await HeldLock.OnWritesAsync(database, "duplicate_members");
        JobResponse grouping = await SendAsync($"/collections/{pair}/duplicates", """{"distance":16}""");
        await members.WaitUntilWantedAsync();
        await using HeldLock switches = await HeldLock.OnWritesAsync(database, "generation_switches");
        JobResponse activating = (await client.AskAsync("default", Second, "when-better")).Read<JobResponse>(HttpStatusCode.Accepted);
        await switches.WaitUntilWantedAsync();
        await Task.WhenAll(client.AssertCancelsAsync(grouping.Id, "storing groups"), client.AssertCancelsAsync(activating.Id, "activating"));
        JobResponse measured = await SendAsync("/evaluations", """{"model":"hash-64","collection":"default"}""");
        await figures.WaitUntilWantedAsync();
        await using HeldLock item = await HeldLock.TakeAsync(database, "SELECT 1 FROM items WHERE public_id = 'gone' FOR UPDATE");
        JobResponse deleting = await client.StartImportAsync(full, Archives.Zip(("kept", Pictures.Png(1))), "?mode=replace");
        await item.WaitUntilWantedAsync();
        await using HeldLock collection = await HeldLock.TakeAsync(database, $"SELECT pg_advisory_xact_lock({CollectionLocks}, {emptyId})");
        JobResponse writing = await client.StartImportAsync(empty, Archives.Zip(("a", Pictures.Png(3))));
        await collection.WaitUntilWantedAsync();

        JobResponse[] ended = await Task.WhenAll(
            client.AssertCancelsAsync(measured.Id, "drawing figures"),
            client.AssertCancelsAsync(deleting.Id, "deleting what the upload lacks"),
            client.AssertCancelsAsync(writing.Id, stage: null));

        foreach (HeldLock held in (HeldLock[])[figures, members, switches, item, collection])
        {
            await held.AssertUnwantedAsync();
            await held.DisposeAsync();
        }

        Assert.Empty((await client.GetAsync($"/models/{First}/evaluation")).Read<ModelEvaluationList>().Items);
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM figures"));
        (await client.GetAsync($"/collections/{pair}/duplicates/{grouping.Id}")).ReadProblem(HttpStatusCode.Conflict, "job-not-succeeded");
        GenerationList generations = await client.GenerationsAsync("default");
        Assert.Equal([(First, GenerationProgress.Active), (Second, GenerationProgress.Ready)], generations.Items.Select(g => (g.Generation.Model, g.State)));
        Assert.Empty(generations.History);
        Assert.Equal(First, (await client.FindAsync(Pictures.Png(0))).Generation!.Model);
        Assert.Equal(["kept", "gone"], (await client.ListAsync(full)).Select(image => image.Id));
        Assert.Empty(await client.ListAsync(empty));
        Assert.Equal(new JobCounts(0, 0, 0, 0), ended[^1].Counts);

        // What a search for duplicates had stored is of no use, and goes.
        await database.ExecuteAsync($"INSERT INTO duplicate_members (job_id, group_number, item_number, distance) VALUES ({grouping.Id}, 1, 1, 0)");
        await service.Services.GetRequiredService<JobCleaning>().RunAsync(CancellationToken.None);
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM duplicate_members"));

        async Task<JobResponse> SendAsync(string path, string json) =>
            (await client.SendJsonAsync(HttpMethod.Post, path, json)).Read<JobResponse>(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task An_upload_that_was_read_to_its_end_gets_its_job_although_the_client_breaks_off()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        Importer importer = service.Services.GetRequiredService<Importer>();
        using var breakOff = new CancellationTokenSource();
        Task<ImportStart> starting;
        await using (HeldLock events = await HeldLock.OnWritesAsync(database, "job_events"))
        {
            starting = importer.StartAsync(
                "default", new MemoryStream(Archives.Zip(("a", Pictures.Png(1)))), null, new ImportOptions(), null, breakOff.Token);
            await events.WaitUntilWantedAsync();
            await breakOff.CancelAsync();
        }

        ImportStart start = await starting;

        (await service.Client.EndOfJobAsync(start.Job!.Id)).AssertSucceeded(1);
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM blobs WHERE job_id IS NULL"));
    }
}
