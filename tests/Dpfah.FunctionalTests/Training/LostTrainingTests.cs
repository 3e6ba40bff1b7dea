using System.Globalization;
using System.Text.Json;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;

namespace Dpfah.FunctionalTests.Training;

/// <summary>A supervised training through the API that loses its child, then its service, and is better than its parent in the end.</summary>
public sealed class LostTrainingTests(PostgresServer server)
{
    private const int Epochs = 8;

    [Fact]
    public async Task Fine_tuning_beats_its_parent_on_held_out_pictures_whoever_is_killed_meanwhile()
    {
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        var settings = new Dictionary<string, string?>(Trainings.Settings) { ["Dpfah__JobLease"] = "00:00:02" };
        long id;
        await using (ServiceProcess service = HostProcess.Start(database, settings))
        {
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            await client.ImportSampleAsync("default", perClass: 30);
            JobResponse first = await client.TrainAsync("""{"name": "first", "source": {"collection": "default"}, "method": "itq", "bits": 32, "imageSide": 32}""");
            first = await client.EndOfJobAsync(first.Id);
            Assert.True(first.State == JobState.Succeeded, first.Error);

            JobResponse job = await client.TrainAsync($$"""
                {"name": "second", "source": {"collection": "default"}, "parent": "first", "imageSide": 32, "epochs": {{Epochs}}, "batchSize": 12, "learningRate": 0.00015, "validateEvery": 4}
                """);
            Assert.Equal(("dpfah", 32, 10.0), (job.Request.GetProperty("method").GetString(), job.Request.GetProperty("bits").GetInt32(), job.Request.GetProperty("hyperParameters").GetProperty("eta").GetDouble()));
            id = job.Id;
            int stored = await EpochStoredAsync(database, id, above: 0);
            Trainings.KillChild(database.DataFolder);
            stored = await EpochStoredAsync(database, id, above: stored);
            Assert.Equal(1, await ResumptionsAsync(database, id));
            Assert.Single(Trainings.ProcessesIn(database.DataFolder));
            await service.KillAsync();
        }

        // The child follows the service at once, by itself.
        await Eventually.BecomesAsync(() => Task.FromResult(Trainings.ProcessesIn(database.DataFolder)), ids => ids.Length == 0);
        await using ServiceProcess next = HostProcess.Start(database, settings);
        await next.WaitUntilReadyAsync();
        using var reader = new ApiClient(next.BaseAddress);
        JobResponse done = await reader.EndOfJobAsync(id);

        Assert.True(done.State == JobState.Succeeded, done.Error);
        Assert.Equal(2, await ResumptionsAsync(database, id));

        // Some 0.05 more; with so few pictures the last hundredths depend on the processor's rounding.
        Assert.InRange(done.Metric("map"), done.Metric("map", "parentMetrics") + 0.02, 1);
        Assert.InRange(done.Metric("precisionAt10"), done.Metric("precisionAt10", "parentMetrics"), 1);
        SentEvent[] events = SentEvent.Read((await reader.GetAsync($"/jobs/{id}/events")).Text);
        JsonElement[] epochs = [.. events.Where(e => e.Kind == "metric").Select(e => e.Data)];
        Assert.Equal(Enumerable.Range(1, Epochs), epochs.Select(e => e.GetProperty("epoch").GetInt32()).Distinct());
        Assert.All(
            epochs.Where(e => e.GetProperty("epoch").GetInt32() % 4 == 0),
            e => Assert.InRange(e.GetProperty("validation").GetProperty("map").GetDouble(), 0.05, 1));
        using JsonDocument lineage = JsonDocument.Parse(await database.ReadAsync<string>("SELECT lineage FROM models WHERE name = 'second'"));
        Assert.Equal(Epochs, lineage.RootElement.GetProperty("epochs").GetInt32());
        Assert.Empty(Directory.GetDirectories(Path.Combine(database.DataFolder, "training")));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"mAP {done.Metric("map", "parentMetrics"):0.000} -> {done.Metric("map"):0.000}"));
    }

    /// <summary>Waits until the state of a later epoch is in the database.</summary>
    private static Task<int> EpochStoredAsync(TestDatabase database, long job, int above) => Eventually.BecomesAsync(
        async () => JsonDocument.Parse(await database.ReadAsync<string>($"SELECT COALESCE(checkpoint, '{{}}') FROM jobs WHERE id = {job}")).RootElement
            is { } checkpoint && checkpoint.TryGetProperty("epoch", out JsonElement epoch) ? epoch.GetInt32() : 0,
        epoch => epoch > above,
        patience: Trainings.Patience);

    private static Task<int> ResumptionsAsync(TestDatabase database, long job) =>
        database.ReadAsync<int>($"SELECT COUNT(*) FROM job_events WHERE job_id = {job} AND data LIKE '%from its checkpoint%'");
}
