using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Collections;
using Dpfah.Api.Evaluations;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Api.Search;
using Dpfah.Core.Models;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Access;

/// <summary>What a key that is for one collection sees of another where no path names it: nothing, as if the other were not there.</summary>
public sealed class LimitedKeyTests : IAsyncLifetime
{
    private const string Mine = "mine";
    private const string Theirs = "theirs";
    private const string Nobody = "nobody";
    private const int Pictures = 24;
    private const string Model = "hash-64";

    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SqliteTestDatabase database = new();
    private RunningService? started;
    private ApiClient? all;
    private ApiClient? limited;

    private RunningService Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    private ApiClient All => all ?? throw new InvalidOperationException("The test is not initialized.");

    private ApiClient Limited => limited ?? throw new InvalidOperationException("The test is not initialized.");

    public async ValueTask InitializeAsync()
    {
        started = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);
        all = Service.ClientWith(adminKey);
        limited = Service.ClientWith((await all.CreateKeyAsync("admin", Mine, "later")).Key);
        foreach (string name in (string[])[Mine, Theirs])
        {
            await Eventually.BecomesAsync(() => all.SendAsync(HttpMethod.Put, $"/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);
            await Parallel.ForEachAsync(Enumerable.Range(0, Pictures), async (n, _) => await all.AddAsync(name, $"p{n}", SharedPictures.Picture(n), [n % 2 == 0 ? "even" : "odd"]));
        }
    }

    public async ValueTask DisposeAsync()
    {
        all?.Dispose();
        limited?.Dispose();
        await Service.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public async Task Collections_are_listed_and_made_within_the_list()
    {
        Assert.Equal([Mine], (await Limited.GetAsync("/collections")).Read<CollectionList>().Items.Select(c => c.Name));
        Assert.Null((await Limited.GetAsync("/collections?limit=1")).Read<CollectionList>().NextCursor);
        Assert.Equal(["default", Mine, Theirs], (await All.GetAsync("/collections")).Read<CollectionList>().Items.Select(c => c.Name));

        (await Limited.SendAsync(HttpMethod.Put, "/collections/later")).AssertStatus(HttpStatusCode.Created);
        (await Limited.SendAsync(HttpMethod.Put, "/collections/other")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await All.GetAsync("/collections/other")).AssertStatus(HttpStatusCode.NotFound);
        Assert.Equal([Mine, "later"], (await Limited.GetAsync("/session")).Read<SessionResponse>().Collections!.OrderDescending());
    }

    [Fact]
    public async Task Searches_do_not_find_another_collection_by_any_way()
    {
        Assert.NotEmpty((await Limited.FindAsync(SharedPictures.Picture(1), $"?collection={Mine}")).Hits);
        const string Code = "0000000000000000";
        foreach (string name in (string[])[Theirs, Nobody])
        {
            Answer[] answers =
            [
                await Limited.SearchAsync(SharedPictures.Picture(1), $"?collection={name}"),
                await Limited.SearchAsync(SharedPictures.Picture(1), $"?collection={Mine}&collection={name}"),
                await Limited.SearchCodeAsync(new SearchByCodeRequest(Code, null, name)),
                await Limited.SearchCodeAsync(new SearchByCodeRequest(Code, null, null, [Mine, name])),
                await Limited.SendJsonAsync(HttpMethod.Post, $"/search/batch?collection={name}", """{"queries":[{"id":"p1"}]}"""),
                await Limited.SendAsync(HttpMethod.Post, $"/search/explain?collection={name}&id=p1&queryId=p2"),
                await Limited.SendAsync(HttpMethod.Post, $"/compare?collection={name}&id=p1&id=p2"),
            ];
            Assert.All(answers, answer =>
            {
                Problem problem = answer.ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
                Assert.Equal($"There is no collection '{name}'. GET /collections lists them; PUT /collections/{{name}} makes one.", problem.Detail);
            });
        }

        // 'default' is what is searched when none is named.
        (await Limited.SearchAsync(SharedPictures.Picture(1))).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        string cursor = (await All.FindAsync(SharedPictures.Picture(1), $"?collection={Theirs}&k=1")).NextCursor!;
        (await All.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}")).AssertStatus(HttpStatusCode.OK);
        (await Limited.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await Limited.SendAsync(HttpMethod.Post, $"/search?cursor={cursor}")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    [Fact]
    public async Task Jobs_of_others_and_of_no_collection_are_not_there()
    {
        long mine = await StartDuplicatesAsync(Mine), theirs = await StartDuplicatesAsync(Theirs);
        long none = (await Service.Services.GetRequiredService<JobQueue>()
            .EnqueueAsync(new NewJob("unknown", JobLanes.General, "{}", null), [], CancellationToken.None)).Id;

        Assert.Equal([none, theirs, mine], await JobsAsync(All, ""));
        Assert.Equal([mine], await JobsAsync(Limited, ""));
        Assert.Equal([mine], await JobsAsync(Limited, $"?collection={Mine}"));
        Assert.Empty(await JobsAsync(Limited, $"?collection={Theirs}"));
        foreach (long hidden in (long[])[theirs, none])
        {
            foreach (string path in (string[])["", "/events", "/errors"])
            {
                await AssertLikeNoneAsync(HttpMethod.Get, path, hidden);
            }

            await AssertLikeNoneAsync(HttpMethod.Post, "/cancel", hidden);
        }

        (await Limited.GetAsync($"/jobs/{mine}/events")).AssertStatus(HttpStatusCode.OK);
        (await Limited.GetAsync($"/collections/{Mine}/duplicates/{theirs}")).ReadProblem(HttpStatusCode.NotFound, "job-not-found");
        (await Limited.GetAsync($"/collections/{Mine}/duplicates/{mine}")).AssertStatus(HttpStatusCode.OK);
        Assert.Equal(JobState.Queued, (await All.JobAsync(none)).State);

        async Task AssertLikeNoneAsync(HttpMethod method, string path, long hidden)
        {
            Answer answer = await Limited.SendAsync(method, $"/jobs/{hidden}{path}"), never = await Limited.SendAsync(method, $"/jobs/987654321{path}");
            answer.ReadProblem(HttpStatusCode.NotFound, "job-not-found");
            Assert.Equal(never.Text.Replace("987654321", $"{hidden}", StringComparison.Ordinal), answer.Text);
        }
    }

    [Fact]
    public async Task Measurements_and_figures_of_others_are_left_out()
    {
        long mine = await EvaluateAsync(Mine), theirs = await EvaluateAsync(Theirs);

        ModelEvaluationList seen = await EvaluationsAsync(Limited), every = await EvaluationsAsync(All);
        Assert.Equal([theirs, mine], every.Items.Select(item => item.Job!.Value));
        Assert.NotEmpty(every.Plots);
        Assert.Equal([mine], seen.Items.Select(item => item.Job!.Value));
        Assert.Empty(seen.Plots); // They show the pictures of the other collection, which was measured last.
        (await All.GetAsync($"/models/{Model}/plots/top10.json")).AssertStatus(HttpStatusCode.OK);
        Problem hidden = (await Limited.GetAsync($"/models/{Model}/plots/top10.json")).ReadProblem(HttpStatusCode.NotFound, "plot-not-found");
        Assert.DoesNotContain("There are", hidden.Detail, StringComparison.Ordinal);

        await EvaluateAsync(Mine);
        Assert.Equal(every.Plots, (await EvaluationsAsync(Limited)).Plots);
        (await Limited.GetAsync($"/models/{Model}/plots/top10.json")).AssertStatus(HttpStatusCode.OK);
        Assert.Equal([Mine], (await Limited.GetAsync($"/models/{Model}")).Read<ModelResponse>().Collections);
    }

    [Fact]
    public async Task Models_that_were_trained_on_others_are_not_there()
    {
        await ImportAsync("of-mine", Mine, null);
        await ImportAsync("of-theirs", Theirs, null);
        await ImportAsync("of-data", null, "fashion-mnist");
        await database.ExecuteAsync("UPDATE models SET parent_id = (SELECT id FROM models WHERE name = 'of-theirs') WHERE name = 'of-mine'");

        Assert.Equal([Model, "of-mine", "of-theirs", "of-data"], await ModelsAsync(All));
        Assert.Equal([Model, "of-mine", "of-data"], await ModelsAsync(Limited));
        foreach (string path in (string[])["", "/file", "/evaluation", "/plots/pr"])
        {
            (await All.GetAsync($"/models/of-theirs{path}")).AssertStatus(path == "/plots/pr" ? HttpStatusCode.NotFound : HttpStatusCode.OK);
            Problem problem = (await Limited.GetAsync($"/models/of-theirs{path}")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
            Assert.DoesNotContain("of-theirs", problem.Detail.Replace("'of-theirs'", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.Equal("of-theirs", (await All.GetAsync("/models/of-mine")).Read<ModelResponse>().Parent);
        ModelResponse child = (await Limited.GetAsync("/models/of-mine")).Read<ModelResponse>();
        Assert.Equal((null, null), (child.Parent, child.Lineage?.GetRawText()));

        (await PostAsync($"/collections/{Mine}/generations", """{"model":"of-theirs"}""")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await PostAsync("/models/of-theirs/retrain", "{}")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await PostAsync("/models/of-data/retrain", "{}")).ReadProblem(HttpStatusCode.Forbidden, "limited-key");
        (await PostAsync("/evaluations", $$"""{"model":"of-theirs","collection":"{{Mine}}"}""")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await PostAsync("/training-jobs", $$"""{"name":"n","source":{"collection":"{{Mine}}" },"parent":"of-theirs"}""")).ReadProblem(HttpStatusCode.UnprocessableEntity, "parent-not-found");
    }

    [Fact]
    public async Task Nothing_is_trained_or_measured_on_others_or_on_data_sets()
    {
        foreach (string name in (string[])[Theirs, Nobody])
        {
            Problem training = (await PostAsync("/training-jobs", $$"""{"name":"n","method":"itq","source":{"collection":"{{name}}" } }""")).ReadProblem(HttpStatusCode.UnprocessableEntity, "collection-not-found");
            Assert.Equal($"There is no collection '{name}' to train on. GET /collections lists them.", training.Detail);
            (await PostAsync("/evaluations", $$"""{"model":"{{Model}}","collection":"{{name}}"}""")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        }

        (await PostAsync("/training-jobs", """{"name":"n","source":{"dataset":"fashion-mnist"}}""")).ReadProblem(HttpStatusCode.Forbidden, "limited-key");
        (await PostAsync("/evaluations", $$"""{"model":"{{Model}}","dataset":"fashion-mnist"}""")).ReadProblem(HttpStatusCode.Forbidden, "limited-key");
    }

    private static async Task<long[]> JobsAsync(ApiClient client, string query) =>
        [.. (await client.GetAsync($"/jobs{query}")).Read<JobList>().Items.Select(job => job.Id)];

    private static async Task<string[]> ModelsAsync(ApiClient client) =>
        [.. (await client.GetAsync("/models")).Read<ModelList>().Items.Select(model => model.Name)];

    private static async Task<ModelEvaluationList> EvaluationsAsync(ApiClient client) => (await client.GetAsync($"/models/{Model}/evaluation")).Read<ModelEvaluationList>();

    private Task<Answer> PostAsync(string path, string json) => Limited.SendJsonAsync(HttpMethod.Post, path, json);

    private async Task<long> StartDuplicatesAsync(string collection)
    {
        long job = (await All.SendAsync(HttpMethod.Post, $"/collections/{collection}/duplicates")).Read<JobResponse>(HttpStatusCode.Accepted).Id;
        Assert.Equal(JobState.Succeeded, (await All.EndOfJobAsync(job)).State);
        return job;
    }

    private async Task<long> EvaluateAsync(string collection)
    {
        Answer answer = await All.SendJsonAsync(HttpMethod.Post, "/evaluations", $$"""{"model":"{{Model}}","collection":"{{collection}}"}""");
        JobResponse job = await All.EndOfJobAsync(answer.Read<JobResponse>(HttpStatusCode.Accepted).Id);
        Assert.True(job.State == JobState.Succeeded, job.Error);
        return job.Id;
    }

    /// <summary>A model that says of itself that it was trained here.</summary>
    private async Task ImportAsync(string name, string? collection, string? dataset)
    {
        string folder = Directory.CreateTempSubdirectory("dpfah-test-").FullName;
        ModelFiles files = HashEncoding.Write(folder, new ModelDescription
        {
            Name = name,
            Method = "random",
            Bits = 32,
            Backbone = new BackboneDescription("resnet18", 2, false, ""),
            Preprocessing = new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]),
        });
        await Service.Services.GetRequiredService<ModelStore>().ImportAsync(files, CancellationToken.None);
        Directory.Delete(folder, recursive: true);
        string lineage = JsonSerializer.Serialize(new { request = new { source = new { collection, dataset } } });
        Assert.Equal(1, await database.ExecuteAsync($"UPDATE models SET lineage = '{lineage}' WHERE name = '{name}'"));
    }
}
