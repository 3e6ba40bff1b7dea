using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Dpfah.Benchmarks;

/// <summary>Sends searches to a service on loopback, for a bounded time, and tells what came back.</summary>
/// <param name="folder">Where <see cref="ServiceData"/> put the queries.</param>
internal sealed partial class ServiceLoad(string folder)
{
    /// <summary>Path and query of a search by code; the body has code and collection.</summary>
    public const string ByCode = "/search/code?k=10";

    /// <summary>Path and query of a search by picture.</summary>
    public const string ByPicture = $"/search?collection={ServiceData.Collection}&k=10";

    private const string Idle = "/health/live";

    private readonly byte[][] pictures = [.. Directory.GetFiles(Path.Combine(folder, ServiceData.PicturesFolder)).Order().Select(File.ReadAllBytes)];
    private int next;

    /// <summary>Pictures as fast as so many clients get their answers.</summary>
    public async Task<Outcome> SaturateAsync(Uri address, int clients, TimeSpan time)
    {
        using HttpClient client = Client(address, clients);
        var latencies = new ConcurrentBag<double>();
        int failed = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (clock.Elapsed < time)
            {
                long start = Stopwatch.GetTimestamp();
                if (await SendAsync(client))
                {
                    latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                else
                {
                    Interlocked.Increment(ref failed);
                }
            }
        }));
        return Outcome.Of(latencies, failed, clock.Elapsed);
    }

    /// <summary>Pictures at a rate, whatever the answers: a latency counts from when its request was due.</summary>
    public async Task<Outcome> KeepRateAsync(Uri address, double rate, TimeSpan time)
    {
        using HttpClient client = Client(address, 256);
        var latencies = new ConcurrentBag<double>();
        var sent = new List<Task>();
        int failed = 0;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < rate * time.TotalSeconds; i++)
        {
            TimeSpan due = TimeSpan.FromSeconds(i / rate);
            TimeSpan early = due - Stopwatch.GetElapsedTime(start);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early);
            }

            sent.Add(Task.Run(async () =>
            {
                if (await SendAsync(client))
                {
                    latencies.Add((Stopwatch.GetElapsedTime(start) - due).TotalMilliseconds);
                }
                else
                {
                    Interlocked.Increment(ref failed);
                }
            }));
        }

        await Task.WhenAll(sent);
        return Outcome.Of(latencies, failed, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Codes as fast as so many connections get their answers, by wrk: a client in .NET would want a core for itself.</summary>
    public async Task<Outcome> SaturateByCodeAsync(Uri address, int connections, TimeSpan time)
    {
        string script = Path.Combine(folder, "codes.lua");
        await File.WriteAllTextAsync(script, $$"""
            local bodies, n = {}, 0
            for line in io.lines("{{Path.Combine(folder, ServiceData.CodesFile)}}") do
                bodies[#bodies + 1] = '{"code":"' .. line .. '","collection":"{{ServiceData.Collection}}"}'
            end
            wrk.method = "POST"
            wrk.headers["Content-Type"] = "application/json"
            function request()
                n = n % #bodies + 1
                return wrk.format(nil, nil, nil, bodies[n])
            end
            """);
        return await RunWrkAsync(connections, time, "-s", script, new Uri(address, ByCode).ToString());
    }

    /// <summary>Requests that search nothing: what the web server and the client leave for searches on the same cores.</summary>
    public static Task<Outcome> SaturateIdlyAsync(Uri address, int connections, TimeSpan time) => RunWrkAsync(connections, time, new Uri(address, Idle).ToString());

    private static async Task<Outcome> RunWrkAsync(int connections, TimeSpan time, params string[] more)
    {
        var start = new ProcessStartInfo("wrk", ["-t1", $"-c{connections}", $"-d{(int)time.TotalSeconds}s", "--latency", .. more])
        {
            RedirectStandardOutput = true,
        };
        using Process wrk = Process.Start(start) ?? throw new InvalidOperationException("wrk did not start.");
        string told = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        Match rate = Rate().Match(told), last = Last().Match(told), middle = Middle().Match(told), refused = Refused().Match(told);
        return rate.Success && last.Success
            ? new Outcome(Number(rate), Milliseconds(middle), Milliseconds(last), refused.Success ? (int)Number(refused) : 0)
            : throw new InvalidOperationException($"wrk ended with {wrk.ExitCode} and said: {told}");
    }

    /// <summary>The picture of a number, as bytes that no other request has: a comment is put behind the start of the JPEG.</summary>
    public byte[] Distinct(int number) => Distinct(pictures[number % pictures.Length], number);

    /// <summary>A JPEG with a number in a comment.</summary>
    public static byte[] Distinct(byte[] picture, int number)
    {
        byte[] sent = new byte[picture.Length + 12];
        picture.AsSpan(0, 2).CopyTo(sent);
        (sent[2], sent[3], sent[4], sent[5]) = (0xFF, 0xFE, 0, 10);
        BinaryPrimitives.WriteInt64LittleEndian(sent.AsSpan(6), number);
        picture.AsSpan(2).CopyTo(sent.AsSpan(14));
        return sent;
    }

    private static HttpClient Client(Uri address, int connections) =>
        new(new SocketsHttpHandler { MaxConnectionsPerServer = connections }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };

    private async Task<bool> SendAsync(HttpClient client)
    {
        using var content = new ByteArrayContent(Distinct(Interlocked.Increment(ref next)));
        content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        try
        {
            using HttpResponseMessage response = await client.PostAsync(ByPicture, content);
            await response.Content.ReadAsByteArrayAsync();
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    private static double Milliseconds(Match match) => Number(match) * match.Groups[2].Value switch { "us" => 1e-3, "ms" => 1, _ => 1e3 };

    [GeneratedRegex(@"Requests/sec:\s*([0-9.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"99%\s*([0-9.]+)(us|ms|s)")]
    private static partial Regex Last();

    [GeneratedRegex(@"50%\s*([0-9.]+)(us|ms|s)")]
    private static partial Regex Middle();

    [GeneratedRegex("Non-2xx or 3xx responses: ([0-9]+)")]
    private static partial Regex Refused();

    /// <summary>What a load showed.</summary>
    /// <param name="PerSecond">Answers a second.</param>
    /// <param name="P50">Median latency in milliseconds.</param>
    /// <param name="P99">99th percentile of the latency in milliseconds.</param>
    /// <param name="Failed">Requests without a good answer.</param>
    internal sealed record Outcome(double PerSecond, double P50, double P99, int Failed)
    {
        public static Outcome Of(IReadOnlyCollection<double> latencies, int failed, TimeSpan time)
        {
            double[] sorted = [.. latencies.Order()];
            return sorted.Length == 0
                ? throw new InvalidOperationException($"Of {failed} requests none was answered.")
                : new Outcome(sorted.Length / time.TotalSeconds, sorted[sorted.Length / 2], sorted[Math.Min(sorted.Length - 1, sorted.Length * 99 / 100)], failed);
        }
    }
}
