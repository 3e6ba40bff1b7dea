using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>A service that is told to stop behind a load balancer: nobody notices.</summary>
public sealed class StopTests(PostgresServer server)
{
    private const int Clients = 8;
    private const int Imported = 2_000;
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_stop_under_load_says_not_ready_answers_all_it_took_and_ends_in_time_with_code_0()
    {
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        await using ServiceProcess service = HostProcess.Start(database, new Dictionary<string, string?>
        {
            ["Dpfah__DrainDelay"] = Drain.ToString(),
            [HostProcess.IsolateDecoder] = "true",
            [BatchedHashEncoder.TimeVariable] = "5",
        });
        await service.WaitUntilReadyAsync();
        using var client = new ApiClient(service.BaseAddress);

        // A job that takes ten seconds and more, and one who follows it.
        byte[] archive = Archives.Zip(Enumerable.Range(1_000, Imported).Select(n => ($"i{n}.png", Pictures.Png(n))));
        long job = (await client.StartImportAsync("default", archive)).Id;
        using var reader = new HttpClient { BaseAddress = service.BaseAddress };
        using HttpResponseMessage events = await reader.GetAsync($"/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, events.StatusCode);
        Task<string> following = events.Content.ReadAsStringAsync();

        // One who has sent half of a picture when the door is closed.
        var slow = new HalfSent(LargeBmp());
        Task<HttpResponseMessage> late = reader.PostAsync("/search", slow);
        await slow.SentHalf;

        using var balanced = new Balanced(service.BaseAddress, Clients);
        await balanced.ReachedAsync(100);
        Assert.False(following.IsCompleted);

        var clock = Stopwatch.StartNew();
        Task<int> ending = service.TerminateAsync();
        string notReady = await balanced.NotReady;
        TimeSpan told = clock.Elapsed;
        Assert.Contains("stopping", notReady, StringComparison.Ordinal);
        await balanced.EndAsync();
        await Eventually.BecomesAsync(() => Task.FromResult(following.IsCompleted), ended => ended);

        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.False(ending.IsCompleted);
        slow.SendRest();
        using HttpResponseMessage answer = await late;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        Assert.Equal(0, await ending);
        Assert.True(clock.Elapsed < Longest, $"It took {clock.Elapsed.TotalSeconds:0.0} s to stop.");
        Assert.True(told < Drain, $"It took {told.TotalSeconds:0.0} s until the service said that it is not ready.");
        Assert.Empty(balanced.Failures);
        Assert.DoesNotContain("fail:", service.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", service.Log, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{balanced.Answered} requests answered, 0 failed; not ready after {told.TotalMilliseconds:0} ms, ended after {clock.Elapsed.TotalSeconds:0.0} s");
    }

    /// <summary>A picture of which half is enough that the rest may come 40 s later: a body has to bring 240 bytes a second.</summary>
    private static byte[] LargeBmp()
    {
        const int Side = 80, Header = 54;
        byte[] bmp = new byte[Header + (3 * Side * Side)];
        "BM"u8.CopyTo(bmp);
        (int At, int Value)[] fields = [(2, bmp.Length), (10, Header), (14, 40), (18, Side), (22, Side), (26, 1 | (24 << 16)), (34, 3 * Side * Side)];
        foreach ((int at, int value) in fields)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(at), value);
        }

        return bmp;
    }

    /// <summary>Clients behind a load balancer, which asks whether the service is ready ten times a second and sends nothing more when it is not.</summary>
    private sealed class Balanced : IDisposable
    {
        private readonly HttpClient http;
        private readonly Task[] loops;
        private readonly TaskCompletionSource<string> notReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int answered;

        public Balanced(Uri address, int clients)
        {
            http = new HttpClient { BaseAddress = address };
            loops = [Task.Run(LookAsync), .. Enumerable.Range(1, clients).Select(n => Task.Run(() => SendAsync(n)))];
        }

        /// <summary>The first answer that said that the service is not ready.</summary>
        public Task<string> NotReady => notReady.Task;

        public int Answered => Volatile.Read(ref answered);

        public ConcurrentQueue<string> Failures { get; } = [];

        public Task<int> ReachedAsync(int count) => Eventually.BecomesAsync(() => Task.FromResult(Answered), found => found >= count);

        public Task EndAsync() => Task.WhenAll(loops);

        public void Dispose() => http.Dispose();

        private async Task LookAsync()
        {
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            try
            {
                do
                {
                    using HttpResponseMessage response = await http.GetAsync("/health/ready");
                    if (response.StatusCode != HttpStatusCode.OK)
                    {
                        notReady.SetResult(await response.Content.ReadAsStringAsync());
                        return;
                    }
                }
                while (await pause.WaitForNextTickAsync());
            }
            catch (HttpRequestException error)
            {
                notReady.SetException(error); // The door was closed before anybody was told.
            }
        }

        private async Task SendAsync(int client)
        {
            string? code = null;
            for (int n = 0; !notReady.Task.IsCompleted; n++)
            {
                try
                {
                    using HttpResponseMessage response = await (n % 3 == 0 || code is null
                        ? http.PostAsync("/search", ApiClient.Raw(Pictures.Png(client)))
                        : n % 3 == 1
                            ? http.PutAsync($"/collections/default/images/c{client}-{n}", ApiClient.Raw(Pictures.Png((100 * client) + n)))
                            : http.PostAsync("/search/code", new StringContent($$"""{"code":"{{code}}"}""", new MediaTypeHeaderValue("application/json"))));
                    string body = await response.Content.ReadAsStringAsync();
                    if (!response.IsSuccessStatusCode)
                    {
                        Failures.Enqueue($"{(int)response.StatusCode} {body}");
                    }

                    code ??= System.Text.Json.JsonSerializer.Deserialize<SearchResponse>(body, System.Text.Json.JsonSerializerOptions.Web)!.Query.Code;
                    Interlocked.Increment(ref answered);
                }
                catch (HttpRequestException error)
                {
                    Failures.Enqueue(error.ToString());
                    return;
                }
            }
        }
    }

    /// <summary>A body of which the second half is held back.</summary>
    private sealed class HalfSent : HttpContent
    {
        private readonly byte[] bytes;
        private readonly TaskCompletionSource half = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HalfSent(byte[] bytes)
        {
            this.bytes = bytes;
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        public Task SentHalf => half.Task;

        public void SendRest() => rest.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await stream.FlushAsync();
            half.SetResult();
            await rest.Task;
            await stream.WriteAsync(bytes.AsMemory(bytes.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
