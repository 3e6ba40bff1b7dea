using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Api.Search;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Training;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Generations;

/// <summary>Generations: filled beside the one that answers, compared with it, switched to and back.</summary>
public abstract class GenerationTests
{
    private const string First = "hash-64";
    private const string Second = "other-64";
    private const string Collection = "default";

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_better_generation_is_filled_and_takes_over_by_itself()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService service = await StartAsync(database))
        {
            ApiClient client = service.Client;
            await client.UploadAsync(Collection, 0, 200, service.LabelsBy(Second));
            int first = (await client.GenerationsAsync(Collection)).Items.Single().Generation.Id;
            for (int n = 0; n < 5; n++)
            {
                await client.FindAsync(Pictures.Png(1000 + n));
            }

            (JobResponse job, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second, "when-better");

            Assert.Equal((200, 200, 0), (job.Counts.Accepted, job.Counts.Indexed, job.Counts.Rejected));
            Assert.True(job.Result!.Value.GetProperty("activated").GetBoolean());
            Assert.Equal((GenerationProgress.Active, 200, 0), (generation.State, generation.Pictures, generation.Missing));
            GenerationComparison comparison = generation.Comparison!;
            Assert.Equal((first, true, true, GateReason.NotWorse), (comparison.Against, comparison.Gate.Passes, comparison.Gate.IsBetter, comparison.Gate.Reason));
            Assert.Equal((200, 0, 200), (comparison.HeldOut!.Labelled, comparison.HeldOut.Trained, comparison.HeldOut.Queries));
            Assert.Null(comparison.HeldOut.WithoutTrainingPictures);
            Assert.Equal([Second], comparison.UnknownTraining);
            Assert.EndsWith(
                " What 'other-64' was trained on is not known: pictures that a model has seen may be among those that count as held out.",
                comparison.Gate.Detail,
                StringComparison.Ordinal);
            RetrievalComparison measured = comparison.HeldOut.WithTrainingPictures;
            Assert.Equal(199, measured.Database);
            Assert.True(measured.Map.Candidate > measured.Map.Active + 0.1 && measured.PrecisionAt10.Candidate > measured.PrecisionAt10.Active + 0.1, $"{measured}");
            Assert.Equal(("recent-queries", 5), (comparison.Queries.Source, comparison.Queries.Count));
            Assert.InRange(comparison.Queries.Overlap, 0, 0.3);
            Assert.InRange(comparison.Queries.CutSize.Candidate, 10, 200);
            Assert.InRange(comparison.Balance.Candidate, 0.05, 0.13); // Eight of 64 bits are ever set.

            SwitchRecord history = Assert.Single((await client.GenerationsAsync(Collection)).History);
            Assert.Equal((first, generation.Generation.Id, Second, false, false), (history.From, history.To, history.ToModel, history.Forced, history.Confirmed));
            SearchResponse found = await client.FindAsync(Pictures.Png(7), "?k=1");
            Assert.Equal((generation.Generation.Id, Second, "p7", 0, 0), (found.Generation!.Id, found.Generation.Model, found.Hits[0].Id, found.Hits[0].Distance, found.Hits[0].FineDistance));
            await client.AssertCodesAsync(Collection, Second);
        }

        // The digest of the new generation is proved at the start.
        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal((Second, 200), await StateAsync(again.Client));
    }

    [Fact]
    public async Task A_worse_generation_is_refused_unless_it_is_forced()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database);
        ApiClient client = service.Client;
        await client.UploadAsync(Collection, 0, 120, service.LabelsBy(First));

        (JobResponse job, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second, "when-better");

        Assert.False(job.Result!.Value.GetProperty("activated").GetBoolean());
        Assert.Equal((GenerationProgress.Ready, GateReason.Worse), (generation.State, generation.Comparison!.Gate.Reason));
        Assert.Equal("pictures", generation.Comparison.Queries.Source);
        int id = generation.Generation.Id;
        Answer refused = await client.ActivateAsync(Collection, id, """{"confirm":true}""");
        Assert.Contains("against", refused.ReadProblem(HttpStatusCode.Conflict, "gate-closed").Detail, StringComparison.Ordinal);
        Assert.Contains("\"map\"", refused.Text, StringComparison.Ordinal);
        Assert.Equal(First, (await StateAsync(client)).Model);

        ActivationResponse activated = (await client.ActivateAsync(Collection, id, """{"force":true}""")).Read<ActivationResponse>();
        Assert.True(activated.Switched);
        Assert.Equal(Second, (await client.FindAsync(Pictures.Png(1), $"?minPosition={activated.Position}")).Generation!.Model);
        SwitchRecord history = Assert.Single((await client.GenerationsAsync(Collection)).History);
        Assert.Equal((true, false, "local"), (history.Forced, history.Confirmed, history.By));
        Assert.False((await client.ActivateAsync(Collection, id)).Read<ActivationResponse>().Switched);
    }

    [Fact]
    public async Task Without_labels_somebody_has_to_confirm()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database);
        ApiClient client = service.Client;
        await client.UploadAsync(Collection, 0, 20);
        (JobResponse job, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second, "when-better");
        Assert.False(job.Result!.Value.GetProperty("activated").GetBoolean());
        Assert.Equal((GateReason.NoLabels, null), (generation.Comparison!.Gate.Reason, generation.Comparison.HeldOut));

        (await client.ActivateAsync(Collection, generation.Generation.Id)).ReadProblem(HttpStatusCode.Conflict, "confirmation-needed");
        (await client.ActivateAsync(Collection, generation.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

        SwitchRecord history = Assert.Single((await client.GenerationsAsync(Collection)).History);
        Assert.Equal((false, true), (history.Forced, history.Confirmed));
    }

    [Fact]
    public async Task Pictures_that_a_model_was_trained_on_do_not_judge_it()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database);
        ApiClient client = service.Client;
        await client.UploadAsync(Collection, 0, 180, service.LabelsBy(Second));
        List<ImageResponse> images = await client.ListAsync(Collection);

        // It was trained on 60; the 120 others are enough.
        await TrainedOnAsync(service, images.Take(60));
        (_, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second);
        HeldOutComparison heldOut = generation.Comparison!.HeldOut!;
        Assert.Equal((180, 60, 120), (heldOut.Labelled, heldOut.Trained, heldOut.Queries));
        Assert.Equal((179, 119), (heldOut.WithTrainingPictures.Database, heldOut.WithoutTrainingPictures!.Database));
        Assert.True(generation.Comparison.Gate.Passes);
        Assert.Empty(generation.Comparison.UnknownTraining);
        Assert.DoesNotContain("not known", generation.Comparison.Gate.Detail, StringComparison.Ordinal);

        // Compared again, when it was trained on all but 99: too few.
        await TrainedOnAsync(service, images.Take(81));
        (_, generation) = await client.FillAsync(Collection, Second);
        Assert.Equal((false, GateReason.TooFewHeldOut, null), (generation.Comparison!.Gate.Passes, generation.Comparison.Gate.Reason, generation.Comparison.HeldOut));
        Problem refused = (await client.ActivateAsync(Collection, generation.Generation.Id)).ReadProblem(HttpStatusCode.Conflict, "gate-closed");
        Assert.Contains("Of 180 labelled pictures 99 were not trained on", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_never_saw_a_label_has_nothing_to_hold_out_and_of_others_from_elsewhere_that_is_not_known()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database);
        int fitted = await service.AddModelAsync("fitted", method: "itq"), refitted = await service.AddModelAsync("refitted", method: "itq", backbone: 2);
        int trained = await service.AddModelAsync("trained"), tuned = await service.AddModelAsync("tuned");
        await service.Services.GetRequiredService<Database>().WriteAsync(
            (context, token) => context.Models.Where(m => m.Id == tuned).ExecuteUpdateAsync(set => set.SetProperty(m => m.ParentId, trained), token),
            CancellationToken.None);

        Assert.Empty(await UnknownAsync(await database.ReadAsync<int>($"SELECT id FROM models WHERE name = '{First}'")));
        Assert.Empty(await UnknownAsync(fitted));
        Assert.Equal(["refitted"], await UnknownAsync(refitted));
        Assert.Equal(["tuned", "trained"], await UnknownAsync(tuned));

        async Task<IReadOnlyList<string>> UnknownAsync(int model) =>
            (await service.Services.GetRequiredService<SeenPictures>().OfAsync(model, CancellationToken.None)).Unknown;
    }

    [Fact]
    public async Task Uploads_changes_and_deletions_while_it_is_filled_are_in_both()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService service = await StartAsync(database, milliseconds: 4))
        {
            ApiClient client = service.Client;
            await client.UploadAsync(Collection, 0, 120);
            JobResponse job = (await client.AskAsync(Collection, Second)).Read<JobResponse>(HttpStatusCode.Accepted);

            await client.UploadAsync(Collection, 120, 20);
            for (int n = 0; n < 120; n += 12)
            {
                (await client.PutAsync(Collection, $"p{n}", Pictures.Png(5000 + n))).AssertStatus(HttpStatusCode.OK);
                (await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(Collection, $"p{n + 1}"), """{"labels":["new"]}""")).AssertStatus(HttpStatusCode.OK);
                (await client.DeleteAsync(ApiClient.ImagePath(Collection, $"p{n + 2}"))).AssertStatus(HttpStatusCode.NoContent);
            }

            LiveGenerationResponse beside = Assert.Single((await client.GetAsync($"/collections/{Collection}")).Read<CollectionResponse>().Beside);
            Assert.Equal((Second, job.Id), (beside.Generation.Model, beside.Job));
            job = await client.EndOfAsync(job.Id);
            Assert.True(job.State == JobState.Succeeded, job.Error);
            GenerationStatusResponse generation = (await client.GenerationsAsync(Collection)).Items.Single(g => g.Generation.Model == Second);
            Assert.Equal((130, 0), (generation.Pictures, generation.Missing));
            await client.AssertCodesAsync(Collection, First);

            (await client.ActivateAsync(Collection, generation.Generation.Id, """{"force":true}""")).AssertStatus(HttpStatusCode.OK);
            await client.AssertCodesAsync(Collection, Second);
            Assert.Equal(130, (await client.FindAsync(Pictures.Png(1), "?k=1000")).Hits.Count);
            Assert.Equal(10, (await client.FindAsync(Pictures.Png(1), "?k=1000&label=new")).Hits.Count);
        }

        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal((Second, 130), await StateAsync(again.Client));
    }

    [Fact]
    public async Task The_way_back_fills_in_what_came_since()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService service = await StartAsync(database))
        {
            ApiClient client = service.Client;
            await client.UploadAsync(Collection, 0, 30);
            int first = (await client.GenerationsAsync(Collection)).Items[0].Generation.Id;
            (_, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second);
            int second = generation.Generation.Id;
            (await client.ActivateAsync(Collection, second, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

            // Two are new, one has other bytes, one has another label, one is gone.
            await client.UploadAsync(Collection, 30, 2);
            await client.PutAsync(Collection, "p0", Pictures.Png(500));
            await client.PutAsync(Collection, "p1", Pictures.Png(1), ["b"]);
            await client.DeleteAsync(ApiClient.ImagePath(Collection, "p2"));
            GenerationStatusResponse retired = (await client.GenerationsAsync(Collection)).Items[0];
            Assert.Equal((GenerationProgress.Retired, 28, 3), (retired.State, retired.Pictures, retired.Missing));

            (await client.ActivateAsync(Collection, first)).AssertStatus(HttpStatusCode.OK);
            await client.AssertCodesAsync(Collection, First);
            Assert.Equal(31, (await client.FindAsync(Pictures.Png(500), "?k=1000")).Hits.Count);
            Assert.Equal("p1", Assert.Single((await client.FindAsync(Pictures.Png(1), "?label=b")).Hits).Id);

            // More than a hundred: by a job.
            await client.UploadAsync(Collection, 100, 101);
            Problem missing = (await client.ActivateAsync(Collection, second, """{"force":true}""")).ReadProblem(HttpStatusCode.Conflict, "items-missing");
            Assert.Contains("lacks 101 pictures", missing.Detail, StringComparison.Ordinal);
            (_, generation) = await client.FillAsync(Collection, Second);
            Assert.Equal((second, GenerationProgress.Ready, 132, 0), (generation.Generation.Id, generation.State, generation.Pictures, generation.Missing));
            (await client.ActivateAsync(Collection, second)).AssertStatus(HttpStatusCode.OK);
            await client.AssertCodesAsync(Collection, Second);
            Assert.Equal([second, first, second], (await client.GenerationsAsync(Collection)).History.Select(h => h.To));
        }

        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal((Second, 132), await StateAsync(again.Client));
    }

    [Fact]
    public async Task A_generation_that_does_not_answer_can_be_deleted()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database);
        ApiClient client = service.Client;
        await client.UploadAsync(Collection, 0, 10);
        int first = (await client.GenerationsAsync(Collection)).Items[0].Generation.Id;
        (_, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second);
        string path = $"/collections/{Collection}/generations";

        (await client.DeleteAsync($"{path}/{first}")).ReadProblem(HttpStatusCode.Conflict, "generation-in-use");
        (await client.DeleteAsync($"{path}/{generation.Generation.Id}")).AssertStatus(HttpStatusCode.NoContent);
        (await client.DeleteAsync($"{path}/{generation.Generation.Id}")).ReadProblem(HttpStatusCode.NotFound, "generation-not-found");
        (await client.ActivateAsync(Collection, generation.Generation.Id)).ReadProblem(HttpStatusCode.NotFound, "generation-not-found");
        (await client.ActivateAsync(Collection, 0)).ReadProblem(HttpStatusCode.NotFound, "generation-not-found");
        await client.PutAsync(Collection, "p0", Pictures.Png(70));
        await service.Services.GetRequiredService<GenerationStore>().CleanAsync(CancellationToken.None);

        Assert.Equal(10, await database.ReadAsync<long>("SELECT count(*) FROM codes"));
        Assert.Equal([First], (await client.GenerationsAsync(Collection)).Items.Select(g => g.Generation.Model));
        await client.AssertCodesAsync(Collection, First);
    }

    [Fact]
    public async Task What_stands_against_a_generation_is_told()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database, milliseconds: 50);
        await service.AddModelAsync("third-64");
        ApiClient client = service.Client;
        await client.UploadAsync(Collection, 0, 60);

        (await client.AskAsync("nowhere", Second)).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await client.AskAsync(Collection, "nobody")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await client.AskAsync(Collection, First)).ReadProblem(HttpStatusCode.Conflict, "same-generation");
        Assert.Equal("activate", (await client.AskAsync(Collection, Second, "now")).ReadBadParameter().Parameter);
        Assert.Equal("model", (await client.SendJsonAsync(HttpMethod.Post, $"/collections/{Collection}/generations", "{}")).ReadBadParameter().Parameter);

        JobResponse job = (await client.AskAsync(Collection, Second)).Read<JobResponse>(HttpStatusCode.Accepted);
        (await client.AskAsync(Collection, "third-64")).ReadProblem(HttpStatusCode.Conflict, "generation-in-progress");
        GenerationStatusResponse generation = (await client.GenerationsAsync(Collection)).Items[1];
        (await client.ActivateAsync(Collection, generation.Generation.Id, """{"force":true}""")).ReadProblem(HttpStatusCode.Conflict, "items-missing");
        (await client.DeleteAsync($"/collections/{Collection}/generations/{generation.Generation.Id}")).ReadProblem(HttpStatusCode.Conflict, "generation-in-use");

        // Three seconds of work: a cancel is honoured long before its end, and frees the place.
        long start = Environment.TickCount64;
        (await client.SendAsync(HttpMethod.Post, $"/jobs/{job.Id}/cancel")).AssertStatus(HttpStatusCode.OK);
        Assert.Equal(JobState.Cancelled, (await client.EndOfAsync(job.Id)).State);
        Assert.InRange(Environment.TickCount64 - start, 0, 5000);
        (_, GenerationStatusResponse third) = await client.FillAsync(Collection, "third-64");
        Assert.Equal((GenerationProgress.Ready, 60), (third.State, third.Pictures));
        Assert.Equal(GenerationProgress.Retired, (await client.GenerationsAsync(Collection)).Items[1].State);
        (await client.AskAsync(Collection, Second)).ReadProblem(HttpStatusCode.Conflict, "generation-in-progress");
    }

    [Fact]
    public async Task A_code_can_name_its_generation_and_a_cursor_does()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartAsync(database);
        ApiClient client = service.Client;
        await client.UploadAsync(Collection, 0, 30);
        SearchResponse page = await client.FindAsync(Pictures.Png(1), "?k=5");
        var request = new SearchByCodeRequest(page.Query.Code, page.Query.Signature, null, null, page.Generation!.Id);
        (await client.SearchCodeAsync(request)).AssertStatus(HttpStatusCode.OK);
        (_, GenerationStatusResponse generation) = await client.FillAsync(Collection, Second);

        (await client.ActivateAsync(Collection, generation.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

        (await client.SearchCodeAsync(request)).ReadProblem(HttpStatusCode.Conflict, "other-generation");
        (await client.SearchCodeAsync(request with { Generation = null })).AssertStatus(HttpStatusCode.OK);
        (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}")).ReadProblem(HttpStatusCode.Conflict, "other-generation");
    }

    [Fact]
    public async Task Every_node_follows_a_switch()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService first = await StartAsync(database);
        await using RunningService second = await RunningService.StartAsync(database);
        await first.Client.UploadAsync(Collection, 0, 30);
        (_, GenerationStatusResponse generation) = await first.Client.FillAsync(Collection, Second);

        ActivationResponse switched = (await second.Client.ActivateAsync(Collection, generation.Generation.Id, """{"confirm":true}""")).Read<ActivationResponse>();

        foreach (RunningService node in new[] { first, second })
        {
            SearchResponse found = await node.Client.FindAsync(Pictures.Png(3), $"?k=100&minPosition={switched.Position}");
            Assert.Equal((Second, 30, "p3", 0), (found.Generation!.Model, found.Hits.Count, found.Hits[0].Id, found.Hits[0].FineDistance));
        }
    }

    private static async Task TrainedOnAsync(RunningService service, IEnumerable<ImageResponse> images)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(folder["items"], images.Select(image => new CollectionItem(image.Id, [], image.Sha256, CollectionPart.Train, 0, 1).ToJson()));
        (string name, string contentType, byte[] bytes) = await TrainedPictures.PackAsync(folder["items"], CancellationToken.None);
        await service.Services.GetRequiredService<Database>().WriteAsync(
            async (context, token) =>
            {
                int model = await context.Models.Where(m => m.Name == Second).Select(m => m.Id).SingleAsync(token);
                await context.Figures.Where(f => f.ModelId == model).ExecuteDeleteAsync(token);
                context.Figures.Add(new StoredFigure { ModelId = model, Name = name, ContentType = contentType, Bytes = bytes });
                return await context.SaveChangesAsync(token);
            },
            CancellationToken.None);
    }

    private static async Task<(string Model, long Pictures)> StateAsync(ApiClient client)
    {
        CollectionResponse collection = (await client.GetAsync($"/collections/{Collection}")).Read<CollectionResponse>();
        return (collection.Generation.Model, collection.Pictures);
    }

    private static async Task<RunningService> StartAsync(TestDatabase database, int milliseconds = 0)
    {
        RunningService service = await RunningService.StartAsync(database);
        await service.AddModelAsync(Second, milliseconds);
        return service;
    }
}

public sealed class GenerationTests_Postgres(PostgresServer server) : GenerationTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class GenerationTests_Sqlite : GenerationTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
