using System.Text.Json;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Cli;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Training;

/// <summary>A training on a data set through the API, by the real program.</summary>
public sealed class DatasetTrainingTests
{
    [Fact]
    public async Task A_model_is_trained_on_a_data_set_and_what_it_has_seen_of_a_collection_is_not_known()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database, Trainings.Arguments);
        ApiClient client = service.Client;
        TinyDataset.Write(Path.Combine(database.DataFolder, "datasets", "tiny"));

        JobResponse asked = await client.TrainAsync("""
            {"name": "tiny", "source": {"dataset": "folder", "path": "tiny"}, "split": {"trainPerClass": 10, "queriesPerClass": 4},
             "method": "dpfah", "bits": 16, "imageSide": 32, "epochs": 1, "batchSize": 25, "weights": "random"}
            """);
        Assert.Null(asked.Collection);
        JobResponse job = await client.EndOfJobAsync(asked.Id);

        Assert.True(job.State == JobState.Succeeded, job.Error);
        JsonElement counts = job.Result!.Value.GetProperty("counts");
        Assert.Equal((TinyDataset.Training, 40, 10), (Count("train"), Count("query"), Count("classes")));
        Assert.Equal(JsonValueKind.Null, job.Result.Value.GetProperty("dataManifest").ValueKind);
        ModelResponse model = (await client.GetAsync("/models/tiny")).Read<ModelResponse>();
        Assert.Equal(("dpfah", 16, job.Id), (model.Method, model.Bits, model.Job));
        Assert.Equal(job.Metric("map"), model.Metrics["map"]);
        Assert.Equal("folder", model.Lineage!.Value.GetProperty("request").GetProperty("source").GetProperty("dataset").GetString());
        Assert.Equal(1, model.Lineage.Value.GetProperty("epochs").GetInt32());
        Assert.Equal("the queries of folder", await database.ReadAsync<string>("SELECT target FROM evaluations"));

        // The pictures may be in a collection too, and no manifest tells which.
        int id = await database.ReadAsync<int>("SELECT id FROM models WHERE name = 'tiny'");
        (HashSet<string> digests, IReadOnlyList<string> unknown) = await service.Services.GetRequiredService<SeenPictures>().OfAsync(id, CancellationToken.None);
        Assert.Empty(digests);
        Assert.Equal(["tiny"], unknown);

        int Count(string what) => counts.GetProperty(what).GetInt32();
    }
}
