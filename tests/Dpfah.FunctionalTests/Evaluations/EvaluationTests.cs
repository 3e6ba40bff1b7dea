using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Evaluations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Models;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Cli;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Evaluations;

/// <summary>Measurements of models on the labelled pictures of a collection, and their figures.</summary>
public abstract class EvaluationTests(ServiceFixture fixture)
{
    private const int Pictures = 70;

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_model_is_measured_by_searching_each_picture_among_all_others()
    {
        string name = await FillAsync();
        JobResponse job = await EvaluateAsync($$"""{"model":"hash-64","collection":"{{name}}"}""");
        List<ImageResponse> images = [.. (await client.ListAsync(name)).Where(image => image.Labels.Count > 0)];
        var expected = LeaveOneOut.Run([.. images.Select(Code)], [.. images.Select(image => image.Labels[0])], 10);

        JsonElement metrics = job.Result!.Value.GetProperty("metrics"), counts = job.Result.Value.GetProperty("counts");
        Assert.Equal(expected.Map, metrics.GetProperty("map").GetDouble(), 1e-6);
        Assert.Equal(expected.Precision, metrics.GetProperty("precisionAt10").GetDouble(), 1e-6);
        Assert.Equal((Pictures, Pictures, 3, 0), (Count("pictures"), Count("queries"), Count("classes"), Count("hashed")));
        Assert.Equal(new JobCounts(Pictures, 0, Pictures, 0), job.Counts);
        ModelEvaluationList list = (await client.GetAsync("/models/hash-64/evaluation?limit=500")).Read<ModelEvaluationList>();
        ModelEvaluationResponse measured = Assert.Single(list.Items, item => item.Job == job.Id);
        Assert.Equal(job.Result.Value.GetRawText(), measured.Result.GetRawText());
        Assert.Contains(name, measured.Target, StringComparison.Ordinal);

        int Count(string what) => counts.GetProperty(what).GetInt32();
    }

    [Fact]
    public async Task A_model_that_the_collection_does_not_have_hashes_the_previews()
    {
        // The test encoder gives the same eight bits under every model: the distances are the same, and so is all that is measured by them.
        string name = await FillAsync();
        string other = await OtherModelAsync();

        JobResponse own = await EvaluateAsync($$"""{"model":"hash-64","collection":"{{name}}","queries":20}""");
        JobResponse job = await EvaluateAsync($$"""{"model":"{{other}}","collection":"{{name}}","queries":20}""");

        Assert.Equal(new JobCounts(Pictures, Pictures, 0, 0), job.Counts);
        Assert.Equal(Metric(own, "map"), Metric(job, "map"));
        Assert.Equal(Metric(own, "fineMap"), Metric(job, "fineMap"));
        Assert.Equal((20, Pictures), (Count("queries"), Count("hashed")));

        int Count(string what) => job.Result!.Value.GetProperty("counts").GetProperty(what).GetInt32();
    }

    [Fact]
    public async Task A_job_that_is_taken_over_goes_on_with_the_codes_that_were_made()
    {
        string name = await FillAsync();
        string other = await OtherModelAsync();
        IServiceProvider services = fixture.Service.Services;
        CollectionIndex index = services.GetRequiredService<SearchService>().Find(name)!;
        string request = JsonSerializer.Serialize(new EvaluationRequest(other, name, null, null, null, null, 1_000, 1_000), JobJson.Options);
        string lane = $"lane-{Guid.NewGuid():n}";
        await services.GetRequiredService<JobQueue>().EnqueueAsync(new NewJob(EvaluationJob.KindName, lane, request, null, index.CollectionId, name), [], default);
        JobRun run = (await services.GetRequiredService<JobClaims>().ClaimAsync(lane, [EvaluationJob.KindName], default))!;

        // What an earlier turn has made, and told apart from what the encoder makes: perfect codes for all pictures but the first.
        BlobStore blobs = services.GetRequiredService<BlobStore>();
        HashedCodes made = await HashedCodes.ReadAsync(blobs, null, 32, default);
        foreach (var entry in index.Snapshot.Entries.Where(entry => entry.Item.Labels.Count > 0 && entry.Item.PublicId != "p0"))
        {
            byte label = (byte)(entry.Item.Labels[0] switch { "low" => 0, "high" => 255, _ => 15 });
            made.Codes[entry.Id] = new ItemCode(BinaryCode.FromBytes([label, label, label, label]), entry.Signature);
        }

        await made.WriteAsync(blobs, run, default);
        await made.WriteAsync(blobs, run, default);
        string? result = await services.GetServices<IJobHandler>().OfType<EvaluationJob>().Single().RunAsync(run, default);

        double map = JsonDocument.Parse(result!).RootElement.GetProperty("metrics").GetProperty("map").GetDouble();
        Assert.InRange(map, 0.9, 0.9999);
    }

    [Fact]
    public async Task A_measurement_is_cancelled_within_seconds()
    {
        string name = await FillAsync(), model = $"m-{Guid.NewGuid():n}";
        await fixture.Service.AddModelAsync(model, milliseconds: 2_000);
        long id = (await StartAsync($$"""{"model":"{{model}}","collection":"{{name}}"}""")).Read<JobResponse>(HttpStatusCode.Accepted).Id;
        await Eventually.BecomesAsync(() => client.JobAsync(id), job => job.Progress.Stage is "loading the model" or "hashing pictures");
        var clock = Stopwatch.StartNew();

        await client.CancelJobAsync(id);

        Assert.Equal(JobState.Cancelled, (await client.EndOfJobAsync(id)).State);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task A_model_is_measured_on_a_data_set_by_way_of_previews()
    {
        TinyDataset.Write(Path.Combine(fixture.Database.DataFolder, "datasets", "tiny"));
        const string Split = "\"split\":{\"queriesPerClass\":4,\"trainPerClass\":10}";
        JobResponse job = await EvaluateAsync($$"""{"model":"hash-64","dataset":"folder","path":"tiny",{{Split}}}""");
        JobResponse some = await EvaluateAsync($$"""{"model":"hash-64","dataset":"folder","path":"tiny","pictures":50,"queries":7,{{Split}}}""");

        // 24 pictures of each of ten classes: 4 are queries, 10 are left to a training.
        Assert.Equal((100, 40, 10, 140), CountsOf(job));
        Assert.Equal((50, 7, 57), (CountsOf(some).Pictures, CountsOf(some).Queries, CountsOf(some).Hashed));
        Assert.Equal("folder", job.Result!.Value.GetProperty("dataset").GetString());
        Assert.Null(job.Collection);

        // Codes that have nothing to do with the pictures find a class of ten by chance.
        Assert.InRange(Metric(job, "map"), 0.05, 0.3);
        await RefusedAsync("""{"model":"hash-64","dataset":"folder","path":"tiny"}""", "");
        await RefusedAsync("""{"model":"hash-64","dataset":"folder","path":"nowhere"}""", "nowhere");
        await RefusedAsync("""{"model":"hash-64","dataset":"folder","path":"../models"}""", "leads out of it");
        await RefusedAsync("""{"model":"hash-64","dataset":"collection","path":"tiny"}""", "There is no data set 'collection'");
        Assert.Equal("path", (await StartAsync("""{"model":"hash-64","collection":"default","path":"tiny"}""")).ReadBadParameter().Parameter);

        async Task RefusedAsync(string json, string why) => Assert.Contains(
            why, (await StartAsync(json)).ReadProblem(HttpStatusCode.UnprocessableEntity, "bad-dataset").Detail, StringComparison.Ordinal);

        static (int Pictures, int Queries, int Classes, int Hashed) CountsOf(JobResponse job)
        {
            JsonElement counts = job.Result!.Value.GetProperty("counts");
            return (Count("pictures"), Count("queries"), Count("classes"), Count("hashed"));

            int Count(string what) => counts.GetProperty(what).GetInt32();
        }
    }

    [Fact]
    public async Task Figures_come_in_the_form_that_is_asked_for()
    {
        string name = await FillAsync();
        string model = await OtherModelAsync();
        (await client.GetAsync($"/models/{model}/plots/pr")).ReadProblem(HttpStatusCode.NotFound, "plot-not-found");
        await EvaluateAsync($$"""{"model":"{{model}}","collection":"{{name}}"}""");

        ModelEvaluationList list = (await client.GetAsync($"/models/{model}/evaluation")).Read<ModelEvaluationList>();
        Assert.Equal(
            new[] { "pr", "precision-at-n", "top10", "tsne" }.SelectMany(kind => new[] { $"{kind}.json", $"{kind}.png", $"{kind}.svg" }), list.Plots.Order(StringComparer.Ordinal));
        foreach (string kind in (string[])["pr", "precision-at-n", "top10", "tsne"])
        {
            string path = $"/models/{model}/plots/{kind}";
            Answer svg = await client.GetAsync($"{path}.svg"), png = await client.GetAsync($"{path}.png"), json = await client.GetAsync($"{path}.json");
            Assert.Equal(
                ["image/svg+xml", "image/png", "application/json"],
                new[] { svg, png, json }.Select(answer => answer.ContentHeaders.ContentType?.MediaType));
            Assert.Contains("<svg", svg.Text, StringComparison.Ordinal);
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png.Body[..4]);
            Assert.Equal(JsonValueKind.Object, json.Read<JsonElement>().ValueKind);
            Assert.Equal(svg.Body, (await client.GetAsync(path, ("Accept", "text/html, image/*;q=0.9, */*;q=0.1"))).Body);
            Assert.Equal(png.Body, (await client.GetAsync(path, ("Accept", "image/png"))).Body);
            Assert.Equal(json.Body, (await client.GetAsync(path)).Body);
        }

        JsonElement first = (await client.GetAsync($"/models/{model}/plots/top10.json")).Read<JsonElement>().GetProperty("columns")[0];
        Assert.Equal(10, first.GetProperty("hits").GetArrayLength());
        (await client.GetAsync($"/models/{model}/plots/summary.json")).ReadProblem(HttpStatusCode.NotFound, "plot-not-found");
        (await client.GetAsync($"/models/{model}/plots/pr.gif")).ReadProblem(HttpStatusCode.NotFound, "plot-not-found");
    }

    [Fact]
    public async Task A_figure_with_a_picture_that_was_replaced_while_it_was_drawn_is_not_kept()
    {
        string name = await FillAsync(), model = await OtherModelAsync();
        IServiceProvider services = fixture.Service.Services;
        CollectionIndex index = services.GetRequiredService<SearchService>().Find(name)!;
        string request = JsonSerializer.Serialize(new EvaluationRequest(model, name, null, null, null, null, 1_000, 1_000), JobJson.Options);
        string lane = $"lane-{Guid.NewGuid():n}";
        await services.GetRequiredService<JobQueue>().EnqueueAsync(new NewJob(EvaluationJob.KindName, lane, request, null, index.CollectionId, name), [], default);
        JobRun run = (await services.GetRequiredService<JobClaims>().ClaimAsync(lane, [EvaluationJob.KindName], default))!;
        var maker = new InterruptedFigureMaker(
            services.GetRequiredService<IFigureMaker>(),
            async shown => (await client.PutAsync(name, shown, SharedPictures.Picture(200))).AssertStatus(HttpStatusCode.OK));
        var job = new EvaluationJob(
            services.GetRequiredService<Database>(),
            services.GetRequiredService<ModelStore>(),
            services.GetRequiredService<EvaluationTargets>(),
            TimeProvider.System,
            maker);

        await job.RunAsync(run, default);

        ModelEvaluationList list = (await client.GetAsync($"/models/{model}/evaluation")).Read<ModelEvaluationList>();
        Assert.Equal(["pr.json", "precision-at-n.json"], list.Plots.Where(plot => plot.EndsWith(".json", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_labels_in_common_nothing_starts()
    {
        string name = await client.CreateCollectionAsync();
        await client.AddAsync(name, "a", SharedPictures.Picture(1), ["one"]);
        await RefusedAsync("1 labelled");
        await client.AddAsync(name, "b", SharedPictures.Picture(2), ["two"]);
        await client.AddAsync(name, "c", SharedPictures.Picture(3));
        await RefusedAsync("No two of the 2");
        string filled = await FillAsync();
        (await StartAsync($$$"""{"model":"hash-64","collection":"{{{filled}}}","filter":{"$label":"nobody's"}}""")).ReadProblem(HttpStatusCode.UnprocessableEntity, "too-few-labels");

        async Task RefusedAsync(string why) => Assert.Contains(
            why,
            (await StartAsync($$"""{"model":"hash-64","collection":"{{name}}"}""")).ReadProblem(HttpStatusCode.UnprocessableEntity, "too-few-labels").Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_request_is_refused()
    {
        (await StartAsync("""{"model":"nobody","collection":"default"}""")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await StartAsync("""{"model":"hash-64","collection":"nobody"}""")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        Assert.Equal("model", (await StartAsync("""{"collection":"default"}""")).ReadBadParameter().Parameter);
        Assert.Equal("collection", (await StartAsync("""{"model":"hash-64"}""")).ReadBadParameter().Parameter);
        Assert.Equal("queries", (await StartAsync("""{"model":"hash-64","collection":"default","queries":0}""")).ReadBadParameter().Parameter);
        Assert.Equal("pictures", (await StartAsync("""{"model":"hash-64","collection":"default","pictures":1}""")).ReadBadParameter().Parameter);
        Assert.Equal("filter", (await StartAsync("""{"model":"hash-64","collection":"default","filter":{"n":{"near":1}}}""")).ReadBadParameter().Parameter);
        (await client.GetAsync("/models/nobody/evaluation")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await client.GetAsync("/models/nobody/plots/pr")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
    }

    private static BinaryCode Code(ImageResponse image) => BinaryCode.TryParseHex(image.Code, out BinaryCode code) ? code : throw new FormatException(image.Code);

    private static double Metric(JobResponse job, string name) => job.Result!.Value.GetProperty("metrics").GetProperty(name).GetDouble();

    /// <summary>Labelled pictures, whose label is mostly that of their code's lowest bits, and three without a label.</summary>
    private async Task<string> FillAsync()
    {
        SharedPictures filled = await fixture.FilledAsync();
        string name = await client.CreateCollectionAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Pictures + 3),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (n, _) =>
            {
                BinaryCode code = Code(filled.Images.Single(image => image.Id == $"p{n}"));
                string[] labels = n >= Pictures ? [] : n % 9 == 0 ? ["any"] : [code[0] && code[1] ? "high" : "low"];
                await client.AddAsync(name, $"p{n}", SharedPictures.Picture(n), labels);
            });
        return name;
    }

    /// <summary>A model of 32 bits that no collection has.</summary>
    private async Task<string> OtherModelAsync()
    {
        string name = $"m-{Guid.NewGuid():n}", folder = Directory.CreateTempSubdirectory("dpfah-test-").FullName;
        ModelFiles files = HashEncoding.Write(folder, new ModelDescription
        {
            Name = name,
            Method = "random",
            Bits = 32,
            Backbone = new BackboneDescription("resnet18", 2, false, ""),
            Preprocessing = new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]),
        });
        await fixture.Service.Services.GetRequiredService<ModelStore>().ImportAsync(files, CancellationToken.None);
        Directory.Delete(folder, recursive: true);
        return name;
    }

    private Task<Answer> StartAsync(string json) =>
        client.SendAsync(HttpMethod.Post, "/evaluations", new StringContent(json, Encoding.UTF8, "application/json"));

    private async Task<JobResponse> EvaluateAsync(string json)
    {
        JobResponse job = await client.EndOfJobAsync((await StartAsync(json)).Read<JobResponse>(HttpStatusCode.Accepted).Id);
        Assert.True(job.State == JobState.Succeeded, job.Error);
        return job;
    }
}

public sealed class EvaluationTests_Postgres(PostgresService fixture) : EvaluationTests(fixture), IClassFixture<PostgresService>;

public sealed class EvaluationTests_Sqlite(SqliteService fixture) : EvaluationTests(fixture), IClassFixture<SqliteService>;
