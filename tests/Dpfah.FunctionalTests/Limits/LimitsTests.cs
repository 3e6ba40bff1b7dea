using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dpfah.Api.Limits;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>The limits that are told are those that are kept; who is slow, endless or many is sent away.</summary>
public sealed class LimitsTests(TightSqliteService fixture) : IClassFixture<TightSqliteService>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    // Kept by the web server as it comes, and tried by no test here: it takes minutes.
    private const string Server = "Kestrel";

    // The class of tests that tries each limit.
    private static readonly Dictionary<string, string> TriedBy = new(StringComparer.Ordinal)
    {
        ["bodies.request"] = nameof(LimitsTests),
        ["bodies.json"] = nameof(LimitsTests),
        ["bodies.batch"] = nameof(LimitsTests),
        ["bodies.import"] = "ImportTests",
        ["bodies.model"] = "ModelImportTests",
        ["bodies.modelHead"] = "ModelImportTests",
        ["bodies.spooled"] = "QuotaTests",
        ["bodies.picturesInFlight"] = "PictureBudgetTests",
        ["bodies.field"] = nameof(LimitsTests),
        ["bodies.fields"] = nameof(LimitsTests),
        ["bodies.leastPerSecond"] = "PictureBudgetTests",
        ["pictures.pixels"] = "BadPictureTests",
        ["pictures.jpegScans"] = nameof(LimitsTests),
        ["pictures.formats"] = "BadPictureTests",
        ["pictures.previewShorterSide"] = "PreviewMakerTests",
        ["pictures.previewLongerSide"] = "PreviewMakerTests",
        ["pictures.inWork"] = nameof(LimitsTests),
        ["pictures.perCollection"] = "QuotaTests",
        ["pictures.decodingSeconds"] = "DeadlyPictureTests",
        ["pictures.jobDecodingSeconds"] = "DeadlyPictureTests",
        ["pictures.decodingBytes"] = "DecodingTests",
        ["searches.k"] = nameof(LimitsTests),
        ["searches.bits"] = "BinaryCodeTests",
        ["searches.batch"] = nameof(LimitsTests),
        ["searches.collections"] = nameof(LimitsTests),
        ["searches.filterBytes"] = nameof(LimitsTests),
        ["searches.filterDepth"] = nameof(LimitsTests),
        ["searches.labelBytes"] = nameof(LimitsTests),
        ["searches.listItems"] = nameof(LimitsTests),
        ["shards.perCollection"] = "ClusterTests",
        ["shards.replicas"] = "ClusterTests",
        ["shards.wait"] = "ClusterTests",
        ["texts.id"] = nameof(LimitsTests),
        ["texts.collectionName"] = nameof(LimitsTests),
        ["texts.labels"] = nameof(LimitsTests),
        ["texts.label"] = nameof(LimitsTests),
        ["texts.metadataBytes"] = nameof(LimitsTests),
        ["texts.metadataDepth"] = nameof(LimitsTests),
        ["texts.keyCollections"] = nameof(LimitsTests),
        ["imports.picture"] = "ZipSourceTests",
        ["imports.line"] = "LineSourceTests",
        ["imports.row"] = "LineSourceTests",
        ["imports.manifest"] = "ManifestTests",
        ["imports.manifestLines"] = "ManifestTests",
        ["imports.directory"] = "ZipSourceTests",
        ["imports.expansion"] = "ZipSourceTests",
        ["imports.unpacked"] = "ZipSourceTests",
        ["rates.requestsPerSecond"] = "RateLimitTests",
        ["rates.anonymousRequestsPerSecond"] = "RateLimitTests",
        ["rates.burstSeconds"] = "RateLimitTests",
        ["rates.failedKeysPerMinute"] = "RateLimitTests",
        ["times.request"] = nameof(LimitsTests),
        ["times.upload"] = nameof(LimitsTests),
        ["times.transfer"] = nameof(LimitsTests),
        ["times.minPosition"] = "PositionTests",
        ["times.headers"] = nameof(LimitsTests),
        ["times.idle"] = Server,
        ["connections.open"] = nameof(LimitsTests),
        ["connections.perAddress"] = nameof(LimitsTests),
        ["connections.requestLineBytes"] = nameof(LimitsTests),
        ["connections.headerBytes"] = nameof(LimitsTests),
        ["connections.headers"] = nameof(LimitsTests),
        ["connections.eventStreams"] = nameof(LimitsTests),
        ["connections.eventStreamsPerCaller"] = nameof(LimitsTests),
    };

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task The_limits_that_are_told_are_those_that_are_kept()
    {
        LimitsResponse limits = (await client.GetAsync("/limits")).Read<LimitsResponse>();

        Assert.Equal((TightService.Quota, TightService.InWork), (limits.Pictures.PerCollection, limits.Pictures.InWork));
        Assert.Equal((null, null, null), (limits.Pictures.DecodingSeconds, limits.Pictures.JobDecodingSeconds, limits.Pictures.DecodingBytes));
        Assert.Equal((TightService.Connections, TightService.PerAddress), (limits.Connections.Open, limits.Connections.PerAddress));
        Assert.Equal(TightService.Spooled, limits.Bodies.Spooled);
        Assert.Equal((5, 6, 7), (limits.Times.Request, limits.Times.Upload, limits.Times.Transfer));
        Assert.Equal((null, 100, 60), (limits.Rates.RequestsPerSecond, limits.Rates.AnonymousRequestsPerSecond, limits.Rates.FailedKeysPerMinute));
        Assert.Equal(["bmp", "gif", "jpeg", "png", "webp"], limits.Pictures.Formats.Order(StringComparer.Ordinal));

        // One more of each, where that is cheap to try, is refused, and as many are not.
        string collection = await client.CreateCollectionAsync();
        await AssertEdgeAsync(limits.Searches.K, k => client.SearchAsync(Pictures.Png(1), $"?k={k}"), HttpStatusCode.OK, HttpStatusCode.BadRequest);
        await AssertEdgeAsync(limits.Searches.ListItems, n => client.GetAsync($"/collections?limit={n}"), HttpStatusCode.OK, HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Searches.FilterBytes,
            n => client.SearchAsync(Pictures.Png(1), "?filter=" + Uri.EscapeDataString($$"""{"a":"{{new string('x', n - 8)}}"}""")),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Searches.Batch,
            n => client.SendJsonAsync(HttpMethod.Post, "/search/batch", $$"""{"queries":[{{string.Join(',', Enumerable.Repeat("""{"code":"0000000000000000"}""", n))}}]}"""),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Texts.Id, n => client.PutAsync(collection, new string('i', n), Pictures.Png(1)), HttpStatusCode.Created, HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Texts.Label, n => client.PutAsync(collection, "a", Pictures.Png(1), [new string('l', n)]), HttpStatusCode.Created, HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Texts.Labels,
            n => client.PutAsync(collection, "a", Pictures.Png(1), Enumerable.Range(0, n).Select(i => $"{i}")),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Texts.MetadataBytes,
            n => client.PutAsync(collection, "a", Pictures.Png(1), metadata: $$"""{"a":"{{new string('x', n - 8)}}"}"""),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            (int)limits.Bodies.Json,
            n => client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(collection, "a"), """{"labels":[]}""" + new string(' ', n - 13)),
            HttpStatusCode.OK,
            HttpStatusCode.RequestEntityTooLarge);
        await AssertEdgeAsync(
            limits.Texts.CollectionName,
            n => client.SendJsonAsync(HttpMethod.Put, $"/collections/{new string('n', n)}", "{}"),
            HttpStatusCode.Created,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Texts.MetadataDepth,
            n => client.PutAsync(collection, "a", Pictures.Png(1), metadata: Nested(n)),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        // One fewer would make a key, after which nobody comes in without one.
        int keyCollections = limits.Texts.KeyCollections + 1;
        string names = string.Join(',', Enumerable.Range(0, keyCollections).Select(i => $"\"c{i}\""));
        (await client.SendJsonAsync(HttpMethod.Post, "/api-keys", $$"""{"name":"many","role":"reader","collections":[{{names}}]}""")).AssertStatus(HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Searches.FilterDepth,
            n => client.SearchAsync(Pictures.Png(1), "?filter=" + Uri.EscapeDataString(NestedFilter(n))),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Searches.LabelBytes,
            n => client.SearchAsync(Pictures.Png(1), "?" + string.Join('&', LabelsOf(n).Select(label => $"label={label}"))),
            HttpStatusCode.OK,
            HttpStatusCode.BadRequest);
        await AssertEdgeAsync(
            limits.Searches.Collections,
            n => client.SearchAsync(Pictures.Png(1), "?" + string.Join('&', Enumerable.Range(0, n).Select(i => $"collection=unknown-{i}"))),
            HttpStatusCode.NotFound, // Looked up.
            HttpStatusCode.BadRequest);
        string tooManyScans = $"at most {limits.Pictures.JpegScans} are accepted";
        Assert.DoesNotContain(tooManyScans, (await client.SearchAsync(Pictures.JpegOfScans(limits.Pictures.JpegScans))).Text, StringComparison.Ordinal);
        Assert.Contains(tooManyScans, (await client.SearchAsync(Pictures.JpegOfScans(limits.Pictures.JpegScans + 1))).ReadProblem().Detail, StringComparison.Ordinal);
        string longField = "{}" + new string(' ', limits.Bodies.Field - 1);
        Assert.Contains(
            $"at most {limits.Bodies.Field} bytes",
            (await client.PutAsync(collection, "b", Pictures.Png(1), metadata: longField)).ReadProblem().Detail,
            StringComparison.Ordinal);
        Assert.Contains(
            $"more than {limits.Bodies.Fields + 1} fields",
            (await client.PutAsync(collection, "b", Pictures.Png(1), Enumerable.Repeat("same", limits.Bodies.Fields + 1))).ReadProblem().Detail,
            StringComparison.Ordinal);
        foreach ((string path, long most) in ((string, long)[])[("/search", limits.Bodies.Request), ("/search/batch", limits.Bodies.Batch)])
        {
            Assert.StartsWith(
                "HTTP/1.1 413 ",
                await RawHttp.SendAsync(
                    fixture.Service.Address,
                    $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {most + 1}\r\n\r\n"),
                StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await client.GetAsync("/limits", ("X-Long", new string('x', limits.Connections.HeaderBytes)))).Status);
        Assert.Equal(HttpStatusCode.RequestUriTooLong, (await client.GetAsync("/limits?" + new string('x', limits.Connections.RequestLineBytes))).Status);
    }

    [Fact]
    public async Task Who_is_slow_or_endless_is_sent_away()
    {
        string collection = await client.CreateCollectionAsync();
        Task<(string Answer, TimeSpan Time)>[] senders =
        [
            // Faster than the least rate of a body, and never at its end.
            TrickleAsync("POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", new string('x', 100)),
            TrickleAsync("POST /search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", $"64\r\n{new string('x', 100)}\r\n"),
            TrickleAsync($"PUT /collections/{collection}/images/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", $"64\r\n{new string('x', 100)}\r\n"),
            TrickleAsync($"POST /collections/{collection}/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n", $"64\r\n{new string('x', 100)}\r\n"),
            TrickleAsync("POST /session HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 1000\r\n\r\n", " "),

            // A head that does not end.
            TrickleAsync("GET /limits HTTP/1.1\r\nHost: localhost\r\nX: ", "y"),
            TrickleAsync("", "G"),
        ];

        (string Answer, TimeSpan Time)[] ended = await Task.WhenAll(senders);

        foreach (((string answer, TimeSpan time), TimeSpan limit) in ended.Zip(
        [
            TightService.RequestTimeout, TightService.RequestTimeout, TightService.UploadTimeout, TightService.TransferTimeout, TightService.RequestTimeout,
        ]))
        {
            Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
            Assert.Contains("urn:dpfah:problem:timed-out", answer, StringComparison.Ordinal);
            Assert.InRange(time, limit - TimeSpan.FromSeconds(0.5), limit + TimeSpan.FromSeconds(15));
        }

        Assert.All(ended[^2..], head => Assert.Matches("^($|HTTP/1.1 408 )", head.Answer));
        Assert.Equal(0, await fixture.Database.ReadAsync<long>("SELECT count(*) FROM blobs"));
        Assert.Empty(await client.ListAsync(collection));
        (await client.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task More_pictures_than_may_be_in_work_are_told_when_to_come_back_and_one_that_takes_too_long_is_given_up()
    {
        string held = $"held-{Guid.NewGuid():n}";
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        HashEncoding.Gates[held] = gate.Task;
        await fixture.Service.AddModelAsync(held);
        await client.SendJsonAsync(HttpMethod.Put, $"/collections/{held}", $$"""{"model":"{{held}}"}""");
        await Eventually.BecomesAsync(() => client.GetAsync($"/collections/{held}"), answer => answer.Status == HttpStatusCode.OK);

        // Those that are in stay in until the others have been turned away, a batch among these.
        List<Task<Answer>> searches = [.. Enumerable.Range(0, 6).Select(n => client.SearchAsync(Pictures.Png(n), $"?collection={held}"))];
        var turned = new List<Task<Answer>>(searches);
        while (turned.Count > TightService.InWork)
        {
            turned.Remove(await Task.WhenAny(turned));
        }

        Answer turnedBatch = await SearchBatchAsync(held, 3);
        gate.SetResult();
        Answer[] answers = await Task.WhenAll(searches);
        turnedBatch.ReadProblem(HttpStatusCode.ServiceUnavailable, "encoder-busy");

        Assert.Equal(TightService.InWork, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer =>
        {
            answer.ReadProblem(HttpStatusCode.ServiceUnavailable, "encoder-busy");
            Assert.NotNull(answer.Headers.RetryAfter);
        });

        // A batch that was let in waits for the places of its pictures, however few there are.
        Answer[] batches = await Task.WhenAll(SearchBatchAsync(held, 16), SearchBatchAsync(held, 16));
        Assert.Contains(batches, batch => batch.Status == HttpStatusCode.OK);
        Assert.All(batches.Where(batch => batch.Status != HttpStatusCode.OK), batch => batch.ReadProblem(HttpStatusCode.ServiceUnavailable, "encoder-busy"));

        await fixture.Service.AddModelAsync("slower", milliseconds: 10_000);
        string slower = $"slower-{Guid.NewGuid():n}";
        await client.SendJsonAsync(HttpMethod.Put, $"/collections/{slower}", """{"model":"slower"}""");
        await Eventually.BecomesAsync(() => client.GetAsync($"/collections/{slower}"), answer => answer.Status == HttpStatusCode.OK);
        Answer given = await client.SearchAsync(Pictures.Png(1), $"?collection={slower}");
        Problem problem = given.ReadProblem(HttpStatusCode.ServiceUnavailable, "timed-out");
        Assert.Contains("after 5 s (setting Dpfah:RequestTimeout)", problem.Detail, StringComparison.Ordinal);
        Assert.NotNull(given.Headers.RetryAfter);
        Assert.Contains(
            "after 6 s (setting Dpfah:UploadTimeout)",
            (await client.PutAsync(slower, "a", Pictures.Png(1))).ReadProblem(HttpStatusCode.ServiceUnavailable, "timed-out").Detail,
            StringComparison.Ordinal);
        (await client.GetAsync(ApiClient.ImagePath(slower, "a"))).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
    }

    [Fact]
    public async Task Streams_of_events_have_a_ceiling_of_each_caller()
    {
        LimitsResponse limits = (await client.GetAsync("/limits")).Read<LimitsResponse>();
        long job = (await fixture.Service.CountAsync(new CountingJob.Order(100_000, PauseMs: 50))).Id;
        using var http = new HttpClient { BaseAddress = fixture.Service.Address };
        HttpResponseMessage[] open = await Task.WhenAll(Enumerable.Range(0, limits.Connections.EventStreamsPerCaller).Select(
            _ => http.GetAsync($"/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead)));
        try
        {
            Assert.All(open, stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));
            Answer refused = await client.GetAsync($"/jobs/{job}/events");
            refused.ReadProblem(HttpStatusCode.TooManyRequests, "too-many-streams");
            Assert.NotNull(refused.Headers.RetryAfter);
            (await client.GetAsync($"/jobs/{job}")).AssertStatus(HttpStatusCode.OK);

            // Whoever closes one has room for another.
            open[0].Dispose();
            await Eventually.BecomesAsync(
                async () =>
                {
                    using HttpResponseMessage again = await http.GetAsync($"/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead);
                    return again.StatusCode;
                },
                status => status == HttpStatusCode.OK);
        }
        finally
        {
            Array.ForEach(open, stream => stream.Dispose());
            await client.CancelJobAsync(job);
        }
    }

    [Fact]
    public async Task Streams_of_events_have_a_ceiling_of_all_callers_together()
    {
        LimitsResponse limits = (await client.GetAsync("/limits")).Read<LimitsResponse>();
        long job = (await fixture.Service.CountAsync(new CountingJob.Order(100_000, PauseMs: 50))).Id;
        int callers = limits.Connections.EventStreams / limits.Connections.EventStreamsPerCaller;
        List<HttpClient> clients = [.. Enumerable.Range(0, callers + 1).Select(i => From(IPAddress.Parse($"127.0.1.{i + 1}")))];
        var open = new List<HttpResponseMessage>();
        try
        {
            foreach (HttpClient caller in clients[..callers])
            {
                open.AddRange(await Task.WhenAll(Enumerable.Range(0, limits.Connections.EventStreamsPerCaller).Select(
                    _ => caller.GetAsync($"/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead))));
            }

            Assert.All(open, stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));
            using HttpResponseMessage refused = await clients[^1].GetAsync($"/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Contains("all callers together", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        finally
        {
            open.ForEach(stream => stream.Dispose());
            clients.ForEach(caller => caller.Dispose());
            await client.CancelJobAsync(job);
        }
    }

    [Fact]
    public async Task An_address_with_ten_thousand_connections_keeps_nobody_out()
    {
        const int Many = 10_000;
        List<Socket> idle = await ConnectAsync(IPAddress.Parse("127.0.0.2"), Many);
        try
        {
            await Eventually.BecomesAsync(() => Task.FromResult(idle.Count(IsOpen)), open => open == TightService.PerAddress);
            (await client.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
            (await client.PutAsync("default", "under-siege", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);

            // All addresses together have a limit as well; what is connected goes on.
            idle.AddRange(await ConnectAsync(IPAddress.Parse("127.0.0.3"), TightService.Connections));
            await Eventually.BecomesAsync(() => Task.FromResult(idle.Count(IsOpen)), open => open < TightService.Connections);
            (await client.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        await Eventually.BecomesAsync(
            async () =>
            {
                List<Socket> again = await ConnectAsync(IPAddress.Parse("127.0.0.2"), 1);
                await Task.Delay(100);
                bool open = IsOpen(again[0]);
                again[0].Dispose();
                return open;
            },
            open => open);
    }

    /// <summary>Every limit that is told is one that a test tries: where another does, it is named here.</summary>
    [Fact]
    public async Task Every_limit_that_is_told_is_tried()
    {
        string[] names = await NamesAsync();

        Assert.Equal(TriedBy.Keys.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        string[] files = [.. Directory.EnumerateFiles(Repository.PathOf("tests"), "*Tests.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension)!];
        Assert.All(TriedBy.Values.Where(test => test != Server).Distinct(), test => Assert.Contains(test, files));
    }

    [Fact]
    public async Task Every_limit_that_is_told_stands_in_the_table_of_the_README_and_no_other()
    {
        IEnumerable<string> table = File.ReadLines(Repository.PathOf("README.md"))
            .SkipWhile(line => line != "## Limits").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal));

        // The first column names one or several.
        string[] named = [.. table.SelectMany(row => Regex.Matches(row.Split('|')[1], "`([^`]+)`")).Select(match => match.Groups[1].Value)];

        Assert.Equal((await NamesAsync()).Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    private async Task<string[]> NamesAsync()
    {
        using JsonDocument told = JsonDocument.Parse((await client.GetAsync("/limits")).Body);
        return [.. told.RootElement.EnumerateObject().SelectMany(group => group.Value.EnumerateObject().Select(limit => $"{group.Name}.{limit.Name}"))];
    }

    private Task<Answer> SearchBatchAsync(string collection, int pictures)
    {
        var content = new MultipartFormDataContent();
        for (int n = 0; n < pictures; n++)
        {
            content.Add(ApiClient.Raw(Pictures.Png(n)), "image", $"{n}.png");
        }

        return client.SendAsync(HttpMethod.Post, $"/search/batch?collection={collection}", content);
    }

    private static string Nested(int levels) => string.Concat(Enumerable.Repeat("{\"a\":", levels - 1)) + "{}" + new string('}', levels - 1);

    private static string NestedFilter(int levels) =>
        string.Concat(Enumerable.Repeat("{\"$not\":", levels - 1)) + "{\"a\":1}" + new string('}', levels - 1);

    // Labels of so many bytes together, each another.
    private static IEnumerable<string> LabelsOf(int bytes) =>
        Enumerable.Range(0, (bytes + 127) / 128).Select(i => $"{(char)('a' + i)}".PadRight(Math.Min(128, bytes - (i * 128)), 'x'));

    private static async Task AssertEdgeAsync(int most, Func<int, Task<Answer>> ask, HttpStatusCode good, HttpStatusCode refused)
    {
        (await ask(most)).AssertStatus(good);
        (await ask(most + 1)).AssertStatus(refused);
    }

    // A caller with an address of its own.
    private HttpClient From(IPAddress address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = fixture.Service.Address,
    };

    private static bool IsOpen(Socket socket)
    {
        try
        {
            return socket.Connected && !(socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<List<Socket>> ConnectAsync(IPAddress from, int count)
    {
        var sockets = new List<Socket>(count);
        var service = new IPEndPoint(IPAddress.Loopback, fixture.Service.Address.Port);
        for (int n = 0; n < count; n++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(from, 0));
            sockets.Add(socket);
            try
            {
                await socket.ConnectAsync(service);
            }
            catch (SocketException)
            {
                // Refused at once.
            }
        }

        return sockets;
    }

    /// <summary>Sends the same again and again, some 20 times a second, until the service answers or closes the connection.</summary>
    private async Task<(string Answer, TimeSpan Time)> TrickleAsync(string begin, string again)
    {
        using var expiry = new CancellationTokenSource(Patience);
        using var sender = new TcpClient();
        await sender.ConnectAsync(fixture.Service.Address.Host, fixture.Service.Address.Port, expiry.Token);
        NetworkStream stream = sender.GetStream();
        var clock = Stopwatch.StartNew();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begin), expiry.Token);
        Task<(string Answer, TimeSpan Time)> answer = ReadAsync(stream, clock, expiry.Token);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!answer.IsCompleted && await pause.WaitForNextTickAsync(expiry.Token))
        {
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(again), expiry.Token);
            }
            catch (IOException)
            {
                // The service has closed it.
            }
        }

        return await answer;
    }

    /// <summary>All that comes, and when the first of it came, or the end.</summary>
    private static async Task<(string Answer, TimeSpan Time)> ReadAsync(NetworkStream stream, Stopwatch clock, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        int length = 0;
        TimeSpan? first = null;
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0;)
            {
                first ??= clock.Elapsed;
                length += read;
            }
        }
        catch (IOException)
        {
            // Closed while something was still being sent.
        }

        return (Encoding.Latin1.GetString(buffer, 0, length), first ?? clock.Elapsed);
    }
}
