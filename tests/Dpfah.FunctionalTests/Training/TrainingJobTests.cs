using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Core.Training;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Training;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Training;

/// <summary>A fitting without labels through the API, by the real program; and how trainings are ended.</summary>
public abstract class TrainingJobTests
{
    private const string Itq = """{"name": "first", "source": {"collection": "default"}, "method": "itq", "bits": 16, "imageSide": 32}""";
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(5);

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_collection_gets_a_model_of_its_own_and_the_training_is_repeated_or_cancelled()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database, Trainings.Arguments);
        ApiClient client = service.Client;
        await client.ImportSampleAsync("default", perClass: 12);
        await client.AddAsync("default", "unlabelled", Pictures.Png(1));

        JobResponse asked = await client.TrainAsync(Itq);
        Assert.Equal(
            """{"query":0.1,"database":0.2,"validation":0.1,"queriesPerClass":null,"trainPerClass":null,"databaseIncludesTrain":null,"seed":20220501}""",
            asked.Request.GetProperty("split").GetRawText());
        JobResponse job = await client.EndOfJobAsync(asked.Id);

        Assert.True(job.State == JobState.Succeeded, job.Error);
        Assert.Equal("""{"train":81,"validation":10,"query":10,"database":20,"classes":10}""", job.Result!.Value.GetProperty("counts").GetRawText());
        ModelResponse model = (await client.GetAsync("/models")).Read<ModelList>().Items.Single(m => m.Name == "first");
        Assert.Equal(("itq", 16, 32), (model.Method, model.Bits, model.Preprocessing.Crop));
        Assert.Equal(job.Metric("map"), model.Metrics["map"]);
        Assert.Equal(job.Result.Value.GetProperty("digest").GetString(), model.Digest);
        await AssertStoredAsync(service, database, job);

        // Repeated from it, and cancelled: while its pictures are written or its child runs, and while it waits.
        JobResponse again = (await client.SendAsync(HttpMethod.Post, "/models/first/retrain")).Read<JobResponse>(HttpStatusCode.Accepted);
        Assert.Equal(("first-r2", "first"), (again.Request.GetProperty("name").GetString(), again.Request.GetProperty("parent").GetString()));
        JobResponse waiting = (await client.SendJsonAsync(HttpMethod.Post, "/models/first/retrain", """{"name": "waiting"}""")).Read<JobResponse>(HttpStatusCode.Accepted);
        await Eventually.BecomesAsync(() => Task.FromResult(Trainings.ProcessesIn(database.DataFolder)), ids => ids.Length == 1);
        await AssertEndsAsync(client, waiting.Id);
        await AssertEndsAsync(client, again.Id);
        await Eventually.BecomesAsync(() => Task.FromResult(Trainings.ProcessesIn(database.DataFolder)), ids => ids.Length == 0);
        Assert.Empty(Directory.GetDirectories(Path.Combine(database.DataFolder, "training")));
        (await client.SendAsync(HttpMethod.Post, "/models/hash-64/retrain")).ReadProblem(HttpStatusCode.UnprocessableEntity, "no-lineage");
        (await client.SendAsync(HttpMethod.Post, "/models/other/retrain")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
    }

    private static async Task AssertEndsAsync(ApiClient client, long job)
    {
        var clock = Stopwatch.StartNew();
        await client.CancelJobAsync(job);
        Assert.Equal(JobState.Cancelled, (await client.EndOfJobAsync(job)).State);
        Assert.True(clock.Elapsed < TimeToEnd, $"It took {clock.Elapsed.TotalSeconds:0.0} s.");
    }

    private static async Task AssertStoredAsync(RunningService service, TestDatabase database, JobResponse job)
    {
        JsonNode lineage = JsonNode.Parse(await database.ReadAsync<string>("SELECT lineage FROM models WHERE name = 'first'"))!;
        Assert.Equal(job.Result!.Value.GetProperty("dataManifest").GetString(), lineage["dataManifest"]!.GetValue<string>());
        Assert.Equal("default", lineage["request"]!["source"]!["collection"]!.GetValue<string>());
        Assert.StartsWith("0.", lineage["codeVersion"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(job.Id, await database.ReadAsync<long>("SELECT job_id FROM models WHERE name = 'first'"));
        Assert.Equal(1, await database.ReadAsync<int>("SELECT COUNT(*) FROM evaluations"));
        foreach (string figure in (string[])["pr.svg", "pr.png", "pr.json", "precision-at-n.svg", "tsne.svg", "top10.png", "result.json"])
        {
            Assert.Equal(1, await database.ReadAsync<int>($"SELECT COUNT(*) FROM figures WHERE name = '{figure}'"));
        }

        int model = await database.ReadAsync<int>("SELECT id FROM models WHERE name = 'first'");
        Dictionary<string, CollectionPart>? parts = await service.Services.GetRequiredService<TrainedPictures>().ReadAsync(model, CancellationToken.None);
        Assert.Equal([81, 10, 10, 20], Enum.GetValues<CollectionPart>().Select(part => parts!.Values.Count(p => p == part)));
    }
}

public sealed class TrainingJobTests_Postgres(PostgresServer server) : TrainingJobTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class TrainingJobTests_Sqlite : TrainingJobTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
