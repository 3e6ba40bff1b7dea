using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Datasets;

namespace Dpfah.FunctionalTests.Story;

/// <summary>
/// What a catalogue's owner does after the first search, with the real network and real pictures, by HTTP alone: import, codes fitted
/// without labels, training on the labels, comparison, switch, search.
/// </summary>
public abstract class StoryTests
{
    private const string Collection = "fashion";
    private static readonly TimeSpan JobTimeout = TimeSpan.FromMinutes(8);

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    [Trait(LongForm.Trait, "story")]
    public async Task A_catalogue_is_imported_learned_compared_and_switched()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        // A training that stands back for all others would take the longer the more tests run beside it.
        await using ServiceProcess service = ServiceProcess.StartHost(HostProcess.ApiAssembly, [.. database.Arguments, "--Dpfah:TrainingNice", "0"]);
        await service.WaitUntilReadyAsync(TimeSpan.FromMinutes(4));
        using var client = new ApiClient(service.BaseAddress);
        (await client.SendAsync(HttpMethod.Put, $"/collections/{Collection}")).AssertStatus(HttpStatusCode.Created);

        // Import: the folders are the labels.
        SamplePicture[] pictures = [.. FashionSample.ReadDatabase().Where((_, i) => LongForm.IsAsked || i % 2 == 0)];
        JsonElement import = await RunAsync(client, $"/collections/{Collection}/imports", Archive(pictures));
        JsonElement counts = import.GetProperty("counts");
        Assert.Equal(
            (pictures.Length, pictures.Length, 0, 0),
            (Int(counts, "accepted"), Int(counts, "indexed"), Int(counts, "unchanged"), Int(counts, "rejected")));

        // The same archive again changes nothing.
        counts = (await RunAsync(client, $"/collections/{Collection}/imports", Archive(pictures))).GetProperty("counts");
        Assert.Equal((pictures.Length, 0), (Int(counts, "unchanged"), Int(counts, "indexed")));

        // A generation fitted without labels on the catalogue's own pictures. Nobody trained it on labels, so all of them can judge.
        await RunAsync(client, "/training-jobs", Json(new { name = "own-itq", method = "itq", bits = 64, source = new { collection = Collection } }));
        JsonElement fitted = await FillAsync(client, "own-itq", null);
        Assert.Equal(64, Int(fitted.GetProperty("generation"), "bits"));
        await ActivateAsync(client, fitted);

        // Trained on the labels, filled beside the one that answers, switched because it is better on pictures held out.
        JsonElement training = await RunAsync(
            client,
            "/training-jobs",
            Json(new { name = "own-dpfah", method = "dpfah", bits = 64, epochs = 4, batchSize = 32, learningRateStep = 3, source = new { collection = Collection } }));
        Assert.Equal(30, Int(Request(await DefaultsAsync(client)), "epochs"));
        JsonElement trained = await FillAsync(client, "own-dpfah", "when-better");

        Assert.Equal("active", trained.GetProperty("state").GetString());
        JsonElement heldOut = trained.GetProperty("comparison").GetProperty("heldOut");
        Assert.InRange(Int(heldOut, "trained"), pictures.Length / 4, pictures.Length * 9 / 10);
        JsonElement map = heldOut.GetProperty("withoutTrainingPictures").GetProperty("map");
        (double before, double after) = (map.GetProperty("active").GetDouble(), map.GetProperty("candidate").GetDouble());
        LongForm.Record("from import to a better generation", FormattableString.Invariant($"{pictures.Length} pictures; mAP on held-out ones {before:0.000} fitted without labels, {after:0.000} trained"));
        Assert.True(after > before + 0.1, $"{before} to {after}: {trained}");
        Assert.Equal(JsonValueKind.Object, training.GetProperty("result").ValueKind);

        // The model tells where it comes from, and has figures.
        JsonElement[] models = [.. (await GetAsync(client, "/models")).GetProperty("items").EnumerateArray()];
        Assert.Equal([Collection], models.Single(m => m.GetProperty("name").GetString() == "own-dpfah").GetProperty("collections").EnumerateArray().Select(c => c.GetString()));

        // Measured anew on the catalogue: what it was trained on is searched in, and not searched for.
        JsonElement measured = (await RunAsync(client, "/evaluations", Json(new { model = "own-dpfah", collection = Collection }))).GetProperty("result");
        Assert.InRange(Int(measured.GetProperty("counts"), "queries"), pictures.Length / 10, pictures.Length * 3 / 4);
        Assert.Contains("was trained on", measured.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.True(measured.GetProperty("metrics").GetProperty("map").GetDouble() > before + 0.1, measured.ToString());
        foreach (string figure in (string[])["pr.svg", "precision-at-n.json", "tsne.png", "top10.png"])
        {
            (await client.GetAsync($"/models/own-dpfah/plots/{figure}")).AssertStatus(HttpStatusCode.OK);
        }

        // A picture that is not in the catalogue finds its like.
        int right = 0, asked = 0;
        foreach (SamplePicture query in FashionSample.ReadQueries())
        {
            Answer answer = await client.SearchAsync(query.Bytes, $"?collection={Collection}&k=10");
            JsonElement found = answer.Read<JsonElement>();
            Assert.Equal("own-dpfah", found.GetProperty("generation").GetProperty("model").GetString());
            JsonElement[] hits = [.. found.GetProperty("hits").EnumerateArray()];
            asked += hits.Length;
            right += hits.Count(hit => hit.GetProperty("labels")[0].GetString() == query.Label);
        }

        Assert.Equal(100, asked);
        Assert.True(right >= 70, $"Only {right} of 100 hits are of the query's class.");

        // And back.
        JsonElement list = await GetAsync(client, $"/collections/{Collection}/generations");
        Assert.Equal(2, list.GetProperty("history").GetArrayLength());
        await ActivateAsync(client, fitted);
        Assert.Equal("own-itq", (await GetAsync(client, $"/collections/{Collection}")).GetProperty("generation").GetProperty("model").GetString());
    }

    /// <summary>A request that leaves everything out is echoed with all defaults; it is cancelled at once.</summary>
    private static async Task<JsonElement> DefaultsAsync(ApiClient client)
    {
        JsonElement job = (await client.SendAsync(
            HttpMethod.Post, "/training-jobs", Json(new { name = "never", source = new { collection = Collection } }))).Read<JsonElement>(HttpStatusCode.Accepted);
        (await client.SendAsync(HttpMethod.Post, $"/jobs/{job.GetProperty("id").GetInt64()}/cancel")).AssertStatus(HttpStatusCode.OK);
        return job;
    }

    private static JsonElement Request(JsonElement job) => job.GetProperty("request");

    /// <summary>Fills a generation and returns it as the list tells it.</summary>
    private static async Task<JsonElement> FillAsync(ApiClient client, string model, string? activate)
    {
        await RunAsync(client, $"/collections/{Collection}/generations", Json(new { model, activate }));
        return (await GetAsync(client, $"/collections/{Collection}/generations")).GetProperty("items").EnumerateArray()
            .Single(g => g.GetProperty("generation").GetProperty("model").GetString() == model);
    }

    private static async Task ActivateAsync(ApiClient client, JsonElement generation) => (await client.SendAsync(
        HttpMethod.Post,
        $"/collections/{Collection}/generations/{Int(generation.GetProperty("generation"), "id")}/activate",
        Json(new { force = true }))).AssertStatus(HttpStatusCode.OK);

    /// <summary>Starts a job and waits for its good end.</summary>
    private static async Task<JsonElement> RunAsync(ApiClient client, string path, HttpContent body)
    {
        JsonElement job = (await client.SendAsync(HttpMethod.Post, path, body)).Read<JsonElement>(HttpStatusCode.Accepted);
        string target = $"/jobs/{job.GetProperty("id").GetInt64().ToString(CultureInfo.InvariantCulture)}";
        using var patience = new CancellationTokenSource(JobTimeout);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (job.GetProperty("state").GetString() is "queued" or "running")
        {
            await pause.WaitForNextTickAsync(patience.Token);
            job = await GetAsync(client, target);
        }

        Assert.True(job.GetProperty("state").GetString() == "succeeded", job.ToString());
        return job;
    }

    private static async Task<JsonElement> GetAsync(ApiClient client, string path) => (await client.GetAsync(path)).Read<JsonElement>();

    private static int Int(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static StringContent Json(object value) => new(JsonSerializer.Serialize(value), System.Text.Encoding.UTF8, "application/json");

    private static ByteArrayContent Archive(IReadOnlyList<SamplePicture> pictures)
    {
        using var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (SamplePicture picture in pictures)
            {
                using Stream entry = archive.CreateEntry(picture.Id, CompressionLevel.NoCompression).Open();
                entry.Write(picture.Bytes);
            }
        }

        return new ByteArrayContent(buffer.ToArray()) { Headers = { ContentType = new("application/zip") } };
    }
}

public sealed class StoryTests_Postgres(PostgresServer server) : StoryTests
{
    protected override async Task<TestDatabase> CreateDatabaseAsync() => await PostgresTestDatabase.CreateAsync(server);
}
