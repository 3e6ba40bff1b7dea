using System.Diagnostics;
using System.Formats.Tar;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dpfah.Benchmarks;

/// <summary>What one, two and three nodes of a service on one PostgreSQL get through: pictures of an import, and searches by code. JSON lines.</summary>
internal static class NodesSpeed
{
    private const string Key = "a-key-of-the-benchmark-of-nodes";
    private const int FirstPort = 18081, PostgresPort = 18080, Callers = 8, Distinct = 384;

    private static readonly TimeSpan SearchTime = TimeSpan.FromSeconds(8);

    /// <summary><c>[--nodes 1,2,3] [--pictures 3000] [--program PATH] [--milliseconds 0] [--threads 1]</c>.</summary>
    public static int Run(string[] args)
    {
        Dictionary<string, string> defaults = new()
        {
            ["nodes"] = "1,2,3",
            ["pictures"] = "3000",
            ["program"] = "src/Dpfah.Api/bin/Release/net10.0/linux-x64/Dpfah.Api.dll",
            ["milliseconds"] = "0",
            ["threads"] = "1",
        };
        if (NamedOptions.Read(args, defaults) is not { } options)
        {
            return 1;
        }

        if (!File.Exists(options["program"]))
        {
            Console.Error.WriteLine(
                $"--program is the service's assembly; there is no '{options["program"]}'. With the tests' host (tests/Dpfah.TestHost) --milliseconds is how long a "
                + "picture takes an encoder of constant time, so that the nodes do not share the cores of one machine.");
            return 1;
        }

        foreach (string nodes in options["nodes"].Split(','))
        {
            MeasureAsync(int.Parse(nodes), options).GetAwaiter().GetResult();
        }

        return 0;
    }

    private static async Task MeasureAsync(int nodes, NamedOptions options)
    {
        string folder = Directory.CreateTempSubdirectory("dpfah-nodes-").FullName;
        var environment = new Dictionary<string, string>
        {
            ["DPFAH_RUN"] = folder,
            ["DPFAH_PROGRAM"] = Path.GetFullPath(options["program"]),
            ["DPFAH_NODE_PORT"] = $"{FirstPort}",
            ["DPFAH_BALANCER_PORT"] = $"{FirstPort + 10}",
            ["POSTGRES_PORT"] = $"{PostgresPort}",
            ["POSTGRES_PASSWORD"] = "benchmark",
            ["DPFAH_ADMIN_KEY"] = Key,
            ["DPFAH_THREADS"] = options["threads"],
        };
        if (options["milliseconds"] != "0")
        {
            environment["DPFAH_TEST_BATCHED_MS"] = options["milliseconds"];
        }

        await ScriptAsync(environment, "up", $"{nodes}");
        HttpClient[] clients = [.. Enumerable.Range(0, nodes).Select(node => Client(FirstPort + node))];
        try
        {
            int count = options.Number("pictures");
            (double seconds, string position) = await ImportAsync(clients[0], count);
            (int answered, double median) = await SearchAsync(clients, position);
            Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["nodes"] = nodes,
                ["encoder_ms"] = options.Number("milliseconds"),
                ["threads_a_node"] = options.Number("threads"),
                ["pictures"] = count,
                ["seconds"] = Math.Round(seconds, 2),
                ["pictures_per_s"] = Math.Round(count / seconds, 1),
                ["searches_per_s"] = Math.Round(answered / SearchTime.TotalSeconds),
                ["search_p50_ms"] = Math.Round(median, 2),
                ["cores"] = Environment.ProcessorCount,
            }));
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
            await ScriptAsync(environment, "down");
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>Seconds from the job's start to its end, and the position at which searches see all of it.</returns>
    private static async Task<(double Seconds, string Position)> ImportAsync(HttpClient client, int count)
    {
        byte[][] pictures = [.. Picture.Sample().Take(Distinct).Select(picture => Distortion.OfSmallPictures[^1].ApplyTo(picture.Bytes))];
        using var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            for (int i = 0; i < count; i++)
            {
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, $"{i}.png")
                {
                    DataStream = new MemoryStream(pictures[i % pictures.Length], writable: false),
                });
            }
        }

        using HttpResponseMessage started = await client.PostAsync("/collections/default/imports", new ByteArrayContent(archive.ToArray()));
        started.EnsureSuccessStatusCode();
        long start = Stopwatch.GetTimestamp();
        JsonElement job = await started.Content.ReadFromJsonAsync<JsonElement>();
        string path = $"/jobs/{job.GetProperty("id")}";
        while (job.GetProperty("state").GetString() is "queued" or "running")
        {
            await Task.Delay(50);
            job = await client.GetFromJsonAsync<JsonElement>(path);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return job.GetProperty("counts").GetProperty("indexed").GetInt32() == count
            ? (seconds, job.GetProperty("result").GetProperty("position").GetString()!)
            : throw new InvalidOperationException($"The import ended so: {job}");
    }

    /// <summary>Callers that search by code, each at one node.</summary>
    /// <returns>Searches that were answered, and the median of their milliseconds.</returns>
    private static async Task<(int Answered, double Median)> SearchAsync(HttpClient[] clients, string position)
    {
        foreach (HttpClient client in clients)
        {
            (await client.PostAsJsonAsync($"/search/code?minPosition={Uri.EscapeDataString(position)}", new { code = "0000000000000000" })).EnsureSuccessStatusCode();
        }

        var clock = Stopwatch.StartNew();
        List<double>[] times = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            HttpClient client = clients[caller % clients.Length];
            var random = new Random(caller);
            var own = new List<double>();
            while (clock.Elapsed < SearchTime)
            {
                long begun = Stopwatch.GetTimestamp();
                using HttpResponseMessage found = await client.PostAsJsonAsync("/search/code?k=10", new { code = $"{random.NextInt64():x16}" });
                found.EnsureSuccessStatusCode();
                await found.Content.ReadAsByteArrayAsync();
                own.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            return own;
        })));
        double[] all = [.. times.SelectMany(own => own).Order()];
        return (all.Length, all[all.Length / 2]);
    }

    private static HttpClient Client(int port)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        return client;
    }

    private static async Task ScriptAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("deploy/native.sh", arguments) { RedirectStandardOutput = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process script = Process.Start(start)!;
        string output = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        if (script.ExitCode != 0)
        {
            throw new InvalidOperationException($"deploy/native.sh {string.Join(' ', arguments)} ended with code {script.ExitCode}: {output}");
        }
    }
}
