using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Training;

/// <summary>Trainings that are cancelled: while their process hangs and hears of nothing, and while the service waits for the database.</summary>
public abstract class CancelledTrainingTests
{
    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_training_is_cancelled_within_seconds_in_every_stage()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:TrainingProgram", HostProcess.TestAssembly, "--Dpfah:TrainingNice", "0");
        ApiClient client = service.Client;
        for (int i = 0; i < 20; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i), [$"label {i % 2}"]);
        }

        await CancelAsync(service, database, HungTraining.InTraining, "training");
        await CancelAsync(service, database, HungTraining.InMeasuring, "measuring");
        await CancelHeldAsync(service, database);

        Assert.Equal([HashEncoding.FirstModel], (await client.GetAsync("/models")).Read<ModelList>().Items.Select(model => model.Name));
    }

    /// <summary>Cancels trainings that wait for a lock, where the database has such locks.</summary>
    protected virtual Task CancelHeldAsync(RunningService service, TestDatabase database) => Task.CompletedTask;

    /// <summary>Cancels a training, and asserts that nothing of it is left.</summary>
    /// <param name="service">The service.</param>
    /// <param name="database">Its database.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="stage">Where it is cancelled.</param>
    /// <param name="arrived">Completes when it is there; null when the stage tells enough.</param>
    protected static async Task CancelAsync(RunningService service, TestDatabase database, string name, string stage, Func<Task>? arrived = null)
    {
        ApiClient client = service.Client;
        JobResponse job = await client.TrainAsync($$"""{"name": "{{name}}", "source": {"collection": "default"} }""");
        await Eventually.BecomesAsync(() => client.JobAsync(job.Id), now => now.Progress.Stage == stage, now => $"{now.State} {now.Progress} {now.Error}");
        await (arrived?.Invoke() ?? Task.CompletedTask);

        await client.AssertCancelsAsync(job.Id, stage);

        Assert.Empty(Trainings.ProcessesIn(database.DataFolder));
        Assert.Empty(Directory.GetDirectories(Path.Combine(database.DataFolder, "training")));
    }
}

public sealed class CancelledTrainingTests_Postgres(OwnCluster cluster) : CancelledTrainingTests, IClassFixture<OwnCluster>
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => cluster.CreateDatabaseAsync();

    protected override async Task CancelHeldAsync(RunningService service, TestDatabase database)
    {
        await using (HeldLock previews = await HeldLock.OnReadsAsync(database, "previews"))
        {
            await CancelAsync(service, database, "any", "writing pictures", previews.WaitUntilWantedAsync);
            await previews.AssertUnwantedAsync();
        }

        await using HeldLock backbones = await HeldLock.OnWritesAsync(database, "backbones");
        await CancelAsync(service, database, "any", "storing the model", backbones.WaitUntilWantedAsync);
        await backbones.AssertUnwantedAsync();
    }
}

public sealed class CancelledTrainingTests_Sqlite : CancelledTrainingTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
