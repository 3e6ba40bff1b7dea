using System.Net;
using System.Text;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Imports;

public abstract class ImportTests(ServiceFixture service)
{
    private ApiClient Client => service.Client;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Theory]
    [InlineData("zip", 700)]
    [InlineData("tar", 70)]
    [InlineData("tar.gz", 70)]
    public async Task An_archive_is_indexed_as_uploads_are(string kind, int count)
    {
        string collection = await Client.CreateCollectionAsync();
        (string, byte[])[] files = [.. Enumerable.Range(0, count).Select(n => ($"{(n % 2 == 0 ? "cat" : "dog")}/{n}.png", Pictures.Png(n)))];
        byte[] archive = kind == "zip" ? Archives.Zip(files) : kind == "tar" ? Archives.Tar(files) : Archives.Gzip(Archives.Tar(files));

        Answer answer = await Client.SendImportAsync(collection, archive);
        JobResponse queued = answer.Read<JobResponse>(HttpStatusCode.Accepted);
        Assert.Equal($"/jobs/{queued.Id}", answer.Headers.Location?.ToString());
        Assert.Equal(("import", collection), (queued.Kind, queued.Collection));
        JobResponse job = await Client.EndOfJobAsync(queued.Id);

        job.AssertSucceeded(count);
        List<ImageResponse> images = await Client.ListAsync(collection);
        Assert.Equal(files.Select(file => file.Item1), images.Select(image => image.Id));
        Assert.Equal([["cat"], ["dog"]], images.Take(2).Select(image => image.Labels));

        string twin = await Client.CreateCollectionAsync();
        ImageResponse uploaded = await Client.AddAsync(twin, "x", Pictures.Png(23));
        ImageResponse imported = images.Single(image => image.Id == "dog/23.png");
        Assert.Equal((uploaded.Code, uploaded.Signature, uploaded.Sha256), (imported.Code, imported.Signature, imported.Sha256));

        string position = job.Result!.Value.GetProperty("position").GetString()!;
        Assert.Equal(
            "dog/23.png", (await Client.FindAsync(Pictures.Png(23), $"?collection={collection}&minPosition={position}&k=1")).Hits[0].Id);
    }

    [Fact]
    public async Task What_is_there_already_is_unchanged_and_what_is_not_is_put()
    {
        string collection = await Client.CreateCollectionAsync();
        byte[] first = Archives.Zip(Enumerable.Range(0, 100).Select(n => ($"a/{n}.png", Pictures.Png(n))));
        (await Client.ImportAsync(collection, first)).AssertSucceeded(100);

        (await Client.ImportAsync(collection, first)).AssertSucceeded(0, unchanged: 100);

        // Other labels for all, other bytes for one.
        byte[] second = Archives.Zip(Enumerable.Range(0, 110).Select(n => ($"a/{n}.png", Pictures.Png(n == 7 ? 1007 : n))));
        (await Client.ImportAsync(collection, second, "?labels=none")).AssertSucceeded(110);
        JobResponse last = await Client.ImportAsync(collection, second, "?labels=none");
        last.AssertSucceeded(0, unchanged: 110);
        string query = $"?collection={collection}&minPosition={last.Result!.Value.GetProperty("position").GetString()}&k=1";
        List<ImageResponse> images = await Client.ListAsync(collection);
        Assert.Equal(110, images.Count);
        Assert.All(images, image => Assert.Empty(image.Labels));
        Assert.Equal("a/7.png", (await Client.FindAsync(Pictures.Png(1007), query)).Hits[0].Id);
        Assert.NotEqual(0, (await Client.FindAsync(Pictures.Png(7), query)).Hits[0].FineDistance);
    }

    [Fact]
    public async Task Each_rejected_entry_is_told_with_its_reason_and_the_counts_add_up()
    {
        string collection = await Client.CreateCollectionAsync();
        byte[] archive = Archives.Zip(
            ("good.png", Pictures.Png(1)),
            ("../up.png", Pictures.Png(2)),
            ("text.jpg", "no picture"u8.ToArray()),
            ("cut.jpg", Pictures.TruncatedJpeg(3)),
            ("huge.png", Pictures.PngDeclaring(20_000, 20_000)),
            ("inner.zip", Archives.Zip(("x.png", Pictures.Png(4)))),
            ("good.png", Pictures.Png(5)),
            ("__MACOSX/._good.png", [1, 2, 3]));

        JobResponse job = await Client.ImportAsync(collection, archive);

        job.AssertSucceeded(1, rejected: 6);
        Assert.Equal(
            ["../up.png: unsafe-name", "text.jpg: not-an-image", "cut.jpg: undecodable", "huge.png: too-many-pixels", "inner.zip: nested-archive", "good.png: duplicate-id"],
            await Client.RejectionsAsync(job.Id));
    }

    [Fact]
    public async Task Lines_are_indexed_with_labels_and_metadata()
    {
        string collection = await Client.CreateCollectionAsync();
        string lines = string.Join('\n', Enumerable.Range(0, 20).Select(n => n == 10
            ? "{broken"
            : $"{{\"id\":\"p{n}\",\"image\":\"{Convert.ToBase64String(Pictures.Png(n))}\",\"labels\":[\"l{n % 3}\",\"é\"],\"metadata\":{{\"n\":{n}}}}}"));

        JobResponse job = await Client.ImportAsync(collection, Encoding.UTF8.GetBytes(lines), contentType: "application/x-ndjson");

        job.AssertSucceeded(19, rejected: 1);
        Assert.Equal(["line 11: bad-line"], await Client.RejectionsAsync(job.Id));
        ImageResponse image = (await Client.GetAsync(ApiClient.ImagePath(collection, "p4"))).Read<ImageResponse>();
        Assert.Equal(["l1", "é"], image.Labels);
        Assert.Equal(4, image.Metadata!.Value.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task Replace_deletes_what_the_upload_lacks_and_only_when_all_of_it_was_read()
    {
        string collection = await Client.CreateCollectionAsync();
        (await Client.ImportAsync(collection, Archives.Tar(Enumerable.Range(0, 30).Select(n => ($"{n}.png", Pictures.Png(n)))))).AssertSucceeded(30);
        byte[] half = Archives.Tar(Enumerable.Range(15, 30).Select(n => ($"{n}.png", Pictures.Png(n))));

        JobResponse cut = await Client.ImportAsync(collection, half[..^20_000], "?mode=replace");
        Assert.Equal(JobState.Failed, cut.State);
        Assert.Contains("behind entry", cut.Error, StringComparison.Ordinal);
        Assert.True(cut.Counts.Accepted is > 0 and < 30, cut.Counts.ToString());
        Assert.InRange((await Client.ListAsync(collection)).Count, 30, 44);

        JobResponse dry = await Client.ImportAsync(collection, half, "?mode=replace&dryRun=true");
        Assert.Equal(15, dry.Result!.Value.GetProperty("deleted").GetInt32());
        Assert.InRange((await Client.ListAsync(collection)).Count, 30, 44);

        JobResponse replaced = await Client.ImportAsync(collection, half, "?mode=replace");
        Assert.Equal((JobState.Succeeded, 15), (replaced.State, replaced.Result!.Value.GetProperty("deleted").GetInt32()));
        Assert.Equal(
            Enumerable.Range(15, 30).Select(n => $"{n}.png").Order(), (await Client.ListAsync(collection)).Select(image => image.Id).Order());

        JobResponse broken = await Client.ImportAsync(
            collection, Encoding.UTF8.GetBytes("{\"id\":\"only\",\"image\":\"" + Convert.ToBase64String(Pictures.Png(1)) + "\"}\n{broken"), "?mode=replace");
        Assert.Equal(JobState.Failed, broken.State);
        Assert.Contains("nothing was deleted", broken.Error, StringComparison.Ordinal);
        Assert.Equal(31, (await Client.ListAsync(collection)).Count);
    }

    [Fact]
    public async Task The_next_start_finds_rows_and_log_in_agreement()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            ApiClient client = first.Client;
            byte[] upload = Archives.Zip(Enumerable.Range(0, 600).Select(n => ($"a/{n}.png", Pictures.Png(n))));
            (await client.ImportAsync("default", upload)).AssertSucceeded(600);
            (await client.ImportAsync("default", upload, "?labels=none")).AssertSucceeded(600);
            byte[] other = Archives.Zip(Enumerable.Range(300, 600).Select(n => ($"a/{n}.png", Pictures.Png(n + (n % 2)))));
            Assert.Equal(300, (await client.ImportAsync("default", other, "?mode=replace")).Result!.Value.GetProperty("deleted").GetInt32());
        }

        await using RunningService second = await RunningService.StartAsync(database);

        List<ImageResponse> images = await second.Client.ListAsync("default");
        Assert.Equal(600, images.Count);
        Assert.All(images, image => Assert.Equal(["a"], image.Labels));
    }

    [Fact]
    public async Task An_import_beside_a_generation_that_is_filled_writes_both()
    {
        const string Model = "other-64";
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            ApiClient client = first.Client;
            await first.AddModelAsync(Model, milliseconds: 2);
            (await client.ImportAsync("default", Archives.Zip(Enumerable.Range(0, 200).Select(n => ($"{n}.png", Pictures.Png(n)))))).AssertSucceeded(200);
            JobResponse filling = (await client.AskAsync("default", Model)).Read<JobResponse>(HttpStatusCode.Accepted);
            byte[] more = Archives.Zip(Enumerable.Range(100, 300).Select(n => ($"{n}.png", Pictures.Png(n + (n % 2)))));
            (await client.ImportAsync("default", more)).AssertSucceeded(250, unchanged: 50);
            Assert.Equal(JobState.Succeeded, (await client.EndOfJobAsync(filling.Id)).State);

            GenerationStatusResponse filled = (await client.GenerationsAsync("default")).Items.Single(g => g.Generation.Model == Model);
            Assert.Equal((400, 0), (filled.Pictures, filled.Missing));
            (await client.ActivateAsync("default", filled.Generation.Id, """{"force":true,"confirm":true}""")).AssertStatus(HttpStatusCode.OK);
            await client.AssertCodesAsync("default", Model);
        }

        await using RunningService second = await RunningService.StartAsync(database);
        Assert.Equal(400, (await second.Client.ListAsync("default")).Count);
    }

    [Fact]
    public async Task A_dry_run_tells_what_would_be_and_writes_nothing()
    {
        string collection = await Client.CreateCollectionAsync();
        await Client.AddAsync(collection, "0.png", Pictures.Png(0));

        JobResponse job = await Client.ImportAsync(
            collection, Archives.Zip(("0.png", Pictures.Png(0)), ("1.png", Pictures.Png(1)), ("2.png", "text"u8.ToArray())), "?dryRun=true");

        job.AssertSucceeded(1, unchanged: 1, rejected: 1);
        Assert.Equal(["2.png: not-an-image"], await Client.RejectionsAsync(job.Id));
        Assert.Single(await Client.ListAsync(collection));
    }

    [Fact]
    public async Task An_empty_archive_and_a_damaged_one_fail_with_a_sentence()
    {
        string collection = await Client.CreateCollectionAsync();
        byte[] zip = Archives.Zip(("1.png", Pictures.Png(1)));
        foreach ((byte[] upload, string expected) in new[]
        {
            (Archives.Zip(), "no pictures"),
            (new byte[1024], "no pictures"),
            (zip[..^30], "Central Directory"),
            (Archives.Gzip([1, 2, 3]), "ends in the middle"),
        })
        {
            JobResponse job = await Client.ImportAsync(collection, upload, contentType: "application/x-tar");
            Assert.Equal(JobState.Failed, job.State);
            Assert.Contains(expected, job.Error, StringComparison.Ordinal);
            Assert.Equal(1, job.Attempts);
        }
    }

    [Fact]
    public async Task What_cannot_be_imported_is_refused_at_once()
    {
        string collection = await Client.CreateCollectionAsync();
        byte[] zip = Archives.Zip(("1.png", Pictures.Png(1)));

        (await Client.SendImportAsync("no-such", zip)).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await Client.SendImportAsync(collection, [])).ReadBadBody();
        (await Client.SendImportAsync(collection, Pictures.Png(1), contentType: "image/png")).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-importable");
        (await Client.SendImportAsync(collection, Pictures.Png(1), contentType: "application/zip")).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-importable");
        Assert.Equal("mode", (await Client.SendImportAsync(collection, zip, "?mode=delete")).ReadBadParameter().Parameter);
        Assert.Equal("labels", (await Client.SendImportAsync(collection, zip, "?labels=x")).ReadBadParameter().Parameter);
        Assert.Equal("dryRun", (await Client.SendImportAsync(collection, zip, "?dryRun=yes")).ReadBadParameter().Parameter);
        Assert.Equal("label", (await Client.SendImportAsync(collection, zip, "?label=x")).ReadBadParameter().Parameter);
    }

    [Fact]
    public async Task Imports_and_uploads_of_the_same_ids_at_once_leave_each_picture_once()
    {
        string collection = await Client.CreateCollectionAsync();
        byte[] archive = Archives.Tar(Enumerable.Range(0, 600).Select(n => ($"{n}.png", Pictures.Png(n))));
        JobResponse[] jobs = await Task.WhenAll(Client.StartImportAsync(collection, archive), Client.StartImportAsync(collection, archive));
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 200),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (n, _) => Assert.Contains(
                (await Client.PutAsync(collection, $"{n * 3}.png", Pictures.Png(n * 3))).Status, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Created]));

        foreach (JobResponse job in jobs)
        {
            JobResponse ended = await Client.EndOfJobAsync(job.Id);
            Assert.True(ended.State == JobState.Succeeded, ended.Error);
            Assert.Equal((600, 0, 600), (ended.Counts.Accepted, ended.Counts.Rejected, ended.Counts.Indexed + ended.Counts.Unchanged));
        }

        List<ImageResponse> images = await Client.ListAsync(collection);
        Assert.Equal(600, images.Count);
        Assert.Equal(600, images.Select(image => image.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_upload_that_is_too_large_is_refused_and_leaves_nothing()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService limited = await RunningService.StartAsync(database, "--Dpfah:ImportBytes", "1048576");
        byte[] upload = [.. Archives.Tar(("1.png", Pictures.Png(1))), .. new byte[1 << 20]];

        foreach ((string, string)[] headers in new (string, string)[][] { [], [("Transfer-Encoding", "chunked")] })
        {
            Answer answer = await limited.Client.SendAsync(
                HttpMethod.Post, "/collections/default/imports", new ByteArrayContent(upload), headers);
            Problem problem = answer.ReadProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
            Assert.Contains("1,048,576 bytes", problem.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM blob_chunks"));
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM jobs"));
    }

    [Fact]
    public async Task A_collection_that_is_deleted_ends_its_import_whether_the_upload_is_whole_or_not()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService narrow = await RunningService.StartAsync(database, "--Dpfah:EncodingJobs", "1");
        ApiClient client = narrow.Client;
        string collection = await client.CreateCollectionAsync();

        // As long as it runs, the imports wait.
        JobRecord blocking = await narrow.CountAsync(new CountingJob.Order(100_000, PauseMs: 50), JobLanes.Encoding);
        byte[] tar = Archives.Tar(Enumerable.Range(0, 20).Select(n => ($"{n}.png", Pictures.Png(n))));
        JobResponse[] jobs = [await client.StartImportAsync(collection, tar), await client.StartImportAsync(collection, tar[..^1500])];
        (await client.DeleteAsync($"/collections/{collection}")).AssertStatus(HttpStatusCode.NoContent);
        await client.CancelJobAsync(blocking.Id);

        foreach (JobResponse job in jobs)
        {
            JobResponse ended = await client.EndOfJobAsync(job.Id);
            Assert.Equal(JobState.Failed, ended.State);
            Assert.Contains("was deleted", ended.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_breaks_off_leaves_nothing_of_its_upload(bool rudely)
    {
        const string Unclaimed = "SELECT count(*) FROM blob_chunks c JOIN blobs b ON b.id = c.blob_id WHERE b.job_id IS NULL";
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(service.Service.Address.Host, service.Service.Address.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(
            "POST /collections/default/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000000\r\n\r\n"));
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(new string('\n', (3 << 20) + 17)));
        await Eventually.BecomesAsync(() => service.Database.ReadAsync<long>(Unclaimed), chunks => chunks == 3);

        if (rudely)
        {
            // Without a word of farewell.
            client.LingerState = new System.Net.Sockets.LingerOption(enable: true, seconds: 0);
            client.Close();
        }
        else
        {
            client.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        }

        await Eventually.BecomesAsync(() => service.Database.ReadAsync<long>("SELECT count(*) FROM blobs WHERE job_id IS NULL"), blobs => blobs == 0);
        Assert.Equal(0, await service.Database.ReadAsync<long>(Unclaimed));
    }

    [Fact]
    public async Task Cancelling_ends_an_import_and_what_was_indexed_stays()
    {
        string collection = await Client.CreateCollectionAsync();
        JobResponse job = await Client.StartImportAsync(collection, Archives.Zip(Enumerable.Range(0, 5_000).Select(n => ($"{n}.png", Pictures.Png(n)))));
        await Eventually.BecomesAsync(
            async () => (await Client.GetAsync($"/jobs/{job.Id}")).Read<JobResponse>(), running => running.Counts.Indexed > 0);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();

        (await Client.SendAsync(HttpMethod.Post, $"/jobs/{job.Id}/cancel")).AssertStatus(HttpStatusCode.OK);
        JobResponse ended = await Client.EndOfJobAsync(job.Id);

        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        Assert.Equal(JobState.Cancelled, ended.State);
        Assert.Equal(ended.Counts.Indexed, (await Client.ListAsync(collection)).Count);
    }
}

public sealed class ImportTests_Postgres(PostgresService service, PostgresServer server) : ImportTests(service), IClassFixture<PostgresService>
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class ImportTests_Sqlite(SqliteService service) : ImportTests(service), IClassFixture<SqliteService>
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
