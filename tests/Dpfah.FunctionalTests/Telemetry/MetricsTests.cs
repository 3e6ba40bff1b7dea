using System.Net;
using System.Text.Json;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Api.Search;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Telemetry;

/// <summary>What a service of its own process tells of itself after some traffic of every kind.</summary>
public sealed class MetricsTests(PostgresServer server) : IAsyncLifetime
{
    private const int Images = 40;
    private const int K = 10;

    private readonly Collector collector = new();
    private TestDatabase? database;
    private ServiceProcess? started;
    private ApiClient? client;

    private ServiceProcess Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    private ApiClient Client => client ?? throw new InvalidOperationException("The test is not initialized.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        database = await PostgresTestDatabase.CreateAsync(server);
        started = HostProcess.Start(database, new Dictionary<string, string?>
        {
            ["Dpfah__LogFormat"] = "json",
            [HostProcess.IsolateDecoder] = "true",
            ["Dpfah__QualityEvery"] = "00:00:01",
            ["Dpfah__ObservedCollections"] = "2",
            ["Logging__LogLevel__Microsoft.AspNetCore.Routing.EndpointMiddleware"] = "Information",
            [BatchedHashEncoder.TimeVariable] = "1",

            // Nodes of a cluster alone tell of shards.
            ["Dpfah__ClusterAddress"] = $"127.0.0.1:{FreePort.Next()}",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        });
        await started.WaitUntilReadyAsync();
        client = new ApiClient(started.BaseAddress);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (started is not null)
        {
            await started.DisposeAsync();
        }

        collector.Dispose();
        database?.Dispose();
    }

    [Fact]
    public async Task All_that_the_dashboard_asks_for_is_told_and_is_true()
    {
        await ServeAsync();
        long job = (await Client.SendAsync(HttpMethod.Post, "/collections/default/duplicates")).Read<JobResponse>(HttpStatusCode.Accepted).Id;
        Assert.Equal(JobState.Succeeded, (await Client.EndOfAsync(job)).State);
        Scrape scrape = await Eventually.BecomesAsync(
            ScrapeAsync,
            found => found.Sum("dpfah_retrieval_sample", ("collection", "default")) == Images - 1 && found.Of("dpfah_retrieval_map").Any()
                && found.Sum("dpfah_jobs", ("kind", "duplicates"), ("state", "succeeded")) == 1 && found.Sum("dpfah_index_codes", ("collection", "(others)")) == 1,
            _ => "no measured collection, no job, or no fourth collection");

        foreach (Dashboard.Query query in Dashboard.Load().Queries)
        {
            Assert.NotEmpty(query.Metrics);
            var labels = new HashSet<string>();
            foreach (string metric in query.Metrics)
            {
                Scrape.Series[] series = [.. scrape.Of(metric)];
                Assert.True(series.Length > 0, $"'{metric}' of the panel '{query.Panel}' is not told: {query.Expression}");
                labels.UnionWith(series.SelectMany(one => one.Labels.Keys));
            }

            Assert.True(query.Labels.IsSubsetOf(labels), $"{string.Join(", ", query.Labels.Except(labels))} of the panel '{query.Panel}': {query.Expression}");
        }

        await AssertTrueAsync(scrape);
        await AssertLogsAsync(job);
        await AssertReceivesAsync("/v1/metrics", "dpfah.stage.duration", "dpfah.index.codes", "http.server.request.duration");
        await AssertReceivesAsync("/v1/traces", "decode", "model", "search", "write", "job duplicates", "POST /search");

        // Statements of requests and jobs, and neither the looking for jobs nor anything of the pictures.
        string traces = collector.Received("/v1/traces");
        Assert.Contains("INSERT INTO items", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("not_before_ms <=", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("IHDR", traces, StringComparison.Ordinal);
    }

    private Task<string> AssertReceivesAsync(string path, params string[] names) => Eventually.BecomesAsync(
        () => Task.FromResult(collector.Received(path)), text => Array.TrueForAll(names, name => text.Contains(name, StringComparison.Ordinal)));

    /// <summary>Uploads, searches, mistakes, and more collections than are told by name.</summary>
    private async Task ServeAsync()
    {
        await Client.UploadAsync("default", 0, Images, _ => ["a"]);
        for (int i = 0; i < Images; i += 3)
        {
            (await Client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath("default", $"p{i}"), """{"labels":["b"]}""")).AssertStatus(HttpStatusCode.OK);
        }

        SearchResponse found = await Client.FindAsync(Pictures.Png(1));
        (await Client.SearchCodeAsync(new SearchByCodeRequest(found.Query.Code, null, null))).AssertStatus(HttpStatusCode.OK);
        (await Client.GetAsync("/nowhere")).ReadProblem(HttpStatusCode.NotFound, "no-such-path");
        (await Client.SearchAsync("no picture"u8.ToArray())).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-an-image");
        (await Client.GetAsync("/collections/nobody")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        foreach (string name in (string[])["second", "third", "fourth"])
        {
            (await Client.SendAsync(HttpMethod.Put, $"/collections/{name}")).AssertStatus(HttpStatusCode.Created);
        }

        await Client.AddAsync("fourth", "x", Pictures.Png(1));
    }

    private async Task AssertTrueAsync(Scrape scrape)
    {
        Assert.Equal(1, scrape.Sum("dpfah_ready"));
        Assert.Equal(1, scrape.Sum("dpfah_database_up"));
        Assert.Equal(4, scrape.Sum("dpfah_collections"));
        Assert.Equal(Images, scrape.Sum("dpfah_index_codes", ("collection", "default")));
        Assert.Equal(0, scrape.Sum("dpfah_index_codes", ("collection", "second")));
        Assert.Equal(1, scrape.Sum("dpfah_index_codes", ("collection", "(others)")));
        Assert.Equal(3, scrape.Of("dpfah_index_codes").Count());
        Assert.True(scrape.Sum("dpfah_index_behind") >= 0); // Other tests write to the same server.
        Assert.InRange(scrape.Sum("dpfah_index_lag_seconds"), 0, 30);
        Assert.Equal(1, scrape.Sum("dpfah_jobs", ("kind", "duplicates"), ("state", "succeeded")));
        Assert.Equal(1, scrape.Sum("dpfah_jobs_ended_total", ("kind", "duplicates"), ("state", "succeeded")));

        // 40 and 1 uploads, 1 search; what is no picture is decoded, and no code made of it.
        Assert.Equal(Images + 2, scrape.Sum("dpfah_stage_duration_seconds_count", ("stage", "model"), ("priority", "query")));
        Assert.Equal(Images + 3, scrape.Sum("dpfah_stage_duration_seconds_count", ("stage", "decode"), ("priority", "query")));
        Assert.Equal(2, scrape.Sum("dpfah_stage_duration_seconds_count", ("stage", "search")));
        Assert.True(scrape.Sum("dpfah_stage_duration_seconds_count", ("stage", "write")) > Images);
        Assert.Equal(Images + 2, scrape.Sum("dpfah_encoder_batch_size_sum"));
        Assert.Equal(0, scrape.Sum("dpfah_encoder_queue"));
        Assert.Equal(1, scrape.Sum("dpfah_problems_total", ("code", "not-an-image"), ("status", "415")));
        Assert.Equal(1, scrape.Sum("dpfah_problems_total", ("code", "collection-not-found"), ("status", "404")));
        Assert.Equal(2, scrape.Sum("http_server_request_duration_seconds_count", ("http_route", "/search")));

        // Each picture's ten nearest, as the API tells them.
        double precision = 0;
        List<ImageResponse> images = await Client.ListAsync("default");
        foreach (ImageResponse image in images)
        {
            SearchResponse similar = (await Client.GetAsync($"{ApiClient.ImagePath("default", image.Id)}/similar?k={K}")).Read<SearchResponse>();
            precision += similar.Hits.Count(hit => hit.Labels[0] == image.Labels[0]) / (double)K;
        }

        // The last change may have come after the last measuring.
        await Eventually.BecomesAsync(
            ScrapeAsync,
            found => Math.Abs((precision / images.Count) - found.Sum("dpfah_retrieval_precision", ("collection", "default"))) < 1e-6,
            found => $"{found.Sum("dpfah_retrieval_precision", ("collection", "default"))}, not {precision / images.Count}");
        Assert.InRange(scrape.Sum("dpfah_retrieval_map", ("collection", "default")), 0.2, 1);
        Assert.Single(scrape.Of("dpfah_retrieval_map"));
    }

    /// <summary>Each line is an object; those of a request name it and its collection, those of a job the job.</summary>
    private async Task AssertLogsAsync(long job)
    {
        await Service.WaitForLineAsync("has ended here");
        var scopes = new List<Dictionary<string, string>>();
        foreach (string line in Service.Log.Split('\n'))
        {
            using JsonDocument entry = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.String, entry.RootElement.GetProperty("Timestamp").ValueKind);
            scopes.Add(entry.RootElement.TryGetProperty("Scopes", out JsonElement all)
                ? all.EnumerateArray().Where(scope => scope.ValueKind == JsonValueKind.Object).SelectMany(scope => scope.EnumerateObject())
                    .GroupBy(member => member.Name).ToDictionary(group => group.Key, group => group.Last().Value.ToString())
                : []);
        }

        Assert.Contains(scopes, scope => scope.ContainsKey("RequestId") && scope.ContainsKey("TraceId") && scope.GetValueOrDefault("Collection") == "nobody");
        Assert.Contains(scopes, scope => scope.GetValueOrDefault("JobId") == $"{job}" && scope.GetValueOrDefault("JobKind") == "duplicates");
    }

    private async Task<Scrape> ScrapeAsync()
    {
        Answer answer = await Client.GetAsync("/metrics");
        answer.AssertStatus(HttpStatusCode.OK);
        return Scrape.Parse(answer.Text);
    }
}
