using System.Net;
using System.Text.Json.Nodes;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Training;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Dpfah.FunctionalTests.Training;

/// <summary>What cannot be trained is refused before anything starts.</summary>
public abstract class RefusedTrainingTests
{
    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_training_from_which_nothing_could_come_is_refused_with_a_code_and_a_sentence()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database, "--Dpfah:TrainingProgram", "/no/such/program.dll");
        ApiClient client = service.Client;
        for (int i = 0; i < 12; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i), i < 4 ? ["shoe"] : i < 8 ? ["coat", "red"] : i == 8 ? ["hat"] : [], $$"""{"number": {{i}}}""");
        }

        async Task RefusedAsync(string code, string told, string more, string source = """{"collection": "default", "labels": ["shoe", "coat"]}""")
        {
            Problem problem = (await client.AskToTrainAsync($$"""{"name": "a", "source": {{source}}{{more}}}""")).ReadProblem(HttpStatusCode.UnprocessableEntity, code);
            Assert.Contains(told, problem.Detail, StringComparison.Ordinal);
        }

        await RefusedAsync("class-too-small", "A label has one picture only: 'hat'.", "", """{"collection": "default"}""");
        await RefusedAsync("one-class", "All 4 labelled pictures of the source have the one label 'shoe'", "", """{"collection": "default", "labels": ["shoe"]}""");
        await RefusedAsync("one-class", "the one label 'shoe'", "", """{"collection": "default", "filter": {"number": {"lt": 4}}}""");
        await RefusedAsync("no-labels", "No picture of the source has a label, and dpfah learns from labels.", "", """{"collection": "default", "filter": {"number": {"gt": 8}}}""");
        await RefusedAsync("no-labels", "has a label of those named", "", """{"collection": "default", "labels": ["sock"]}""");
        await RefusedAsync("too-few-pictures", "itq needs at least 17", ", \"method\": \"itq\", \"bits\": 16");
        await RefusedAsync("bad-filter", "There is no condition 'above'", "", """{"collection": "default", "filter": {"number": {"above": 8}}}""");
        await RefusedAsync("collection-not-found", "There is no collection 'other'", "", """{"collection": "other"}""");
        await RefusedAsync("method-not-found", "There is no method 'dpfa'. There are: dpfah, dsh,", ", \"method\": \"dpfa\"");
        await RefusedAsync("parent-not-found", "There is no model 'other'", ", \"parent\": \"other\"");
        await RefusedAsync("bad-training", "bits is 17; it is a multiple of 8", ", \"bits\": 17");
        await RefusedAsync("bad-training", "eta is -5", ", \"hyperParameters\": {\"eta\": -5}");
        await RefusedAsync("bad-training", "itq has none", ", \"method\": \"itq\", \"hyperParameters\": {\"eta\": 5}");
        await RefusedAsync("bad-split", "leave at least 0.05 to train on", ", \"split\": {\"query\": 0.9, \"database\": 0.1}");
        await RefusedAsync("bad-split", "counts of each class are of a data set", ", \"split\": {\"queriesPerClass\": 3}");
        await RefusedAsync("bad-source", "one of them", "", """{"collection": "default", "dataset": "folder"}""");
        await RefusedAsync("bad-source", "are about the pictures of a collection", "", """{"dataset": "folder", "useFeedback": true}""");
        await RefusedAsync("bad-training", "itq learns from none", ", \"method\": \"itq\"", """{"collection": "default", "useFeedback": true}""");
        await RefusedAsync("dataset-not-found", "There is no data set 'mnist'", "", """{"dataset": "mnist"}""");
        await RefusedAsync("bad-source", "leads out of it", "", """{"dataset": "folder", "path": "../.."}""");
        await RefusedAsync("bad-dataset", "nowhere' does not exist", "", """{"dataset": "folder", "path": "nowhere"}""");
        (await client.AskToTrainAsync("""{"name": "A b", "source": {"collection": "default", "labels": ["shoe", "coat"]}}""")).ReadProblem(HttpStatusCode.UnprocessableEntity, "bad-name");
        (await client.AskToTrainAsync("""{"source": {"collection": "default"}}""")).ReadBadBody();
        (await client.AskToTrainAsync("""{"name": "a", "source": {"collection": "default"}, "bit": 16}""")).ReadBadBody();
        Assert.Equal(0, await database.ReadAsync<int>("SELECT COUNT(*) FROM jobs"));
    }

    [Fact]
    public async Task A_name_is_taken_by_a_model_and_by_a_training_and_a_missing_program_is_told()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database, "--Dpfah:TrainingProgram", "/no/such/program.dll", "--Dpfah:JobLease", "00:00:05");
        ApiClient client = service.Client;
        for (int i = 0; i < 20; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i), [$"label {i % 2}"]);
        }

        (await client.AskToTrainAsync("""{"name": "hash-64", "source": {"collection": "default"}}""")).ReadProblem(HttpStatusCode.Conflict, "name-taken");
        JobResponse job = await client.TrainAsync("""{"name": "new", "source": {"collection": "default"}}""");
        (await client.AskToTrainAsync("""{"name": "new", "source": {"collection": "default"}}""")).ReadProblem(HttpStatusCode.Conflict, "name-taken");

        JobResponse ended = await Eventually.BecomesAsync(() => client.JobAsync(job.Id), j => j.Error is not null);
        Assert.Contains("The program that trains, '/no/such/program.dll', is missing", ended.Error, StringComparison.Ordinal);
        await client.CancelJobAsync(job.Id);

        Answer[] atOnce = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.AskToTrainAsync("""{"name": "once", "source": {"collection": "default"}}""")));
        Answer accepted = Assert.Single(atOnce, answer => answer.Status == HttpStatusCode.Accepted);
        Assert.All(atOnce.Where(answer => answer != accepted), answer => answer.ReadProblem(HttpStatusCode.Conflict, "name-taken"));
        await client.CancelJobAsync(accepted.Read<JobResponse>(HttpStatusCode.Accepted).Id);
    }

    [Fact]
    public async Task What_a_killed_service_left_of_trainings_is_removed_at_the_start()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        string left = Path.Combine(database.DataFolder, "training", "7-1", "data");
        Directory.CreateDirectory(left);
        await File.WriteAllBytesAsync(Path.Combine(left, "previews.bin"), new byte[10]);
        await using RunningService service = await RunningService.StartAsync(database);
        await Eventually.BecomesAsync(() => Task.FromResult(Directory.GetDirectories(Path.Combine(database.DataFolder, "training"))), folders => folders.Length == 0);
    }

    [Fact]
    public async Task A_model_is_trained_again_when_enough_labels_are_new()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:TrainingProgram", "/no/such/program.dll", "--Dpfah:RetrainAfterLabels", "5");
        ApiClient client = service.Client;
        RetrainSchedule schedule = service.Services.GetServices<IHostedService>().OfType<RetrainSchedule>().Single();
        for (int i = 0; i < 20; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i), [$"label {i % 2}"]);
        }

        await TrainedAsync(client, database, DateTime.UtcNow);
        await client.AddAsync("default", "unlabelled", Pictures.Png(30));
        for (int i = 40; i < 44; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i), [$"label {i % 2}"]);
        }

        await schedule.RunAsync(CancellationToken.None);
        Assert.Equal(0, await database.ReadAsync<int>("SELECT COUNT(*) FROM jobs"));
        (await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath("default", "3"), """{"labels": ["label 0"]}""")).AssertStatus(HttpStatusCode.OK);
        await schedule.RunAsync(CancellationToken.None);
        await schedule.RunAsync(CancellationToken.None);

        JobResponse made = Assert.Single((await client.GetAsync("/jobs")).Read<JobList>().Items);
        Assert.Equal(("schedule", "hash-64-r2", "hash-64"), (made.CreatedBy, made.Request.GetProperty("name").GetString(), made.Request.GetProperty("parent").GetString()));
        await client.CancelJobAsync(made.Id);
    }

    [Fact]
    public async Task A_model_is_trained_again_when_its_data_is_old()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:TrainingProgram", "/no/such/program.dll", "--Dpfah:RetrainEvery", "1.00:00:00");
        ApiClient client = service.Client;
        RetrainSchedule schedule = service.Services.GetServices<IHostedService>().OfType<RetrainSchedule>().Single();
        for (int i = 0; i < 20; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i), [$"label {i % 2}"]);
        }

        await schedule.RunAsync(CancellationToken.None);
        await TrainedAsync(client, database, DateTime.UtcNow.AddHours(-23));
        await schedule.RunAsync(CancellationToken.None);
        Assert.Equal(0, await database.ReadAsync<int>("SELECT COUNT(*) FROM jobs"));

        await TrainedAsync(client, database, DateTime.UtcNow.AddHours(-25));
        await schedule.RunAsync(CancellationToken.None);
        await schedule.RunAsync(CancellationToken.None);
        JobResponse made = Assert.Single((await client.GetAsync("/jobs")).Read<JobList>().Items);
        Assert.Equal(("schedule", "hash-64-r2", "hash-64"), (made.CreatedBy, made.Request.GetProperty("name").GetString(), made.Request.GetProperty("parent").GetString()));

        // One that came to nothing is not repeated for a day.
        await client.CancelJobAsync(made.Id);
        await client.EndOfJobAsync(made.Id);
        await schedule.RunAsync(CancellationToken.None);
        Assert.Equal(1, await database.ReadAsync<int>("SELECT COUNT(*) FROM jobs"));
        await service.Services.GetRequiredService<Database>().WriteAsync(
            (context, token) => context.Jobs.ExecuteUpdateAsync(set => set.SetProperty(j => j.CreatedAt, DateTime.UtcNow.AddHours(-25)), token), CancellationToken.None);
        await schedule.RunAsync(CancellationToken.None);
        Assert.Equal(2, await database.ReadAsync<int>("SELECT COUNT(*) FROM jobs"));
        await client.CancelJobAsync((await client.GetAsync("/jobs")).Read<JobList>().Items.Max(job => job.Id));
    }

    /// <summary>Makes the model of the collection one that was trained on it: on what was there at a time.</summary>
    private static async Task TrainedAsync(ApiClient client, TestDatabase database, DateTime frozenAt)
    {
        JobResponse job = await client.TrainAsync("""{"name": "new", "source": {"collection": "default"}}""");
        await client.CancelJobAsync(job.Id);
        await client.EndOfJobAsync(job.Id);
        var lineage = new JsonObject { ["request"] = JsonNode.Parse(job.Request.GetRawText()), ["frozenAt"] = frozenAt };
        await database.ExecuteAsync($"UPDATE models SET lineage = '{lineage.ToJsonString()}'");
        await database.ExecuteAsync("DELETE FROM jobs");
    }
}

public sealed class RefusedTrainingTests_Postgres(PostgresServer server) : RefusedTrainingTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class RefusedTrainingTests_Sqlite : RefusedTrainingTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
