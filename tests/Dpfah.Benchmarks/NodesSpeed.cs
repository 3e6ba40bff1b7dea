using System.Diagnostics;
using System.Formats.Tar;
using System.Net.Http.Json;
using System.Text.Json;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>What one, two and three nodes of a service on one PostgreSQL get through: pictures of an import, searches by picture and by code.</summary>
internal static class NodesSpeed
{
    private const int CodeCallers = 8, PictureCallers = 24, Distinct = 384;

    // The runtime compiles a search anew while it is warm; on few cores that takes nodes half a minute.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(40), SearchTime = TimeSpan.FromSeconds(8);

    /// <summary><c>[--nodes 1,2,3] [--pictures 3000] [--program PATH] [--milliseconds 0] [--threads 1]</c>.</summary>
    public static int Run(string[] args)
    {
        Dictionary<string, string> defaults = new()
        {
            ["nodes"] = "1,2,3",
            ["pictures"] = "3000",
            ["program"] = NativeNodes.Service,
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

        Table table = Tables.Create(["nodes", "import, pictures/s", "by picture, searches/s", "p50", "by code, searches/s", "p50"]);
        foreach (int nodes in options.Numbers("nodes"))
        {
            table.AddRow(MeasureAsync(nodes, options).GetAwaiter().GetResult());
        }

        int milliseconds = options.Number("milliseconds");
        string encoder = milliseconds == 0
            ? $"the network on {options["threads"]} of the machine's cores a node, which all nodes and the callers share"
            : $"an encoder that takes each node {milliseconds} ms of nobody's core a picture, one after another; all else shares the machine's cores";
        Tables.Show(
            milliseconds == 0 ? "nodes" : "nodes-constant",
            table,
            $"An import of {options["pictures"]} pictures that all nodes compute, then searches by {PictureCallers} callers with pictures and {CodeCallers} with codes, each at one node, k = 10, "
                + $"for {SearchTime.TotalSeconds} s; {encoder}.");
        return 0;
    }

    private static async Task<string[]> MeasureAsync(int nodes, NamedOptions options)
    {
        await using var service = new NativeNodes(options["program"], options.Number("threads"), cluster: false);
        if (options["milliseconds"] != "0")
        {
            service.Set("DPFAH_TEST_BATCHED_MS", options["milliseconds"]);
        }

        await service.StartAsync(nodes);
        int count = options.Number("pictures");
        byte[][] pictures = [.. Picture.Sample().Take(Distinct).Select(picture => Distortion.OfSmallPictures[^1].ApplyTo(picture.Bytes))];
        (double seconds, string position) = await ImportAsync(service.Clients[0], pictures, count);
        foreach (HttpClient client in service.Clients)
        {
            (await client.PostAsJsonAsync($"/search/code?minPosition={Uri.EscapeDataString(position)}", new { code = "0000000000000000" })).EnsureSuccessStatusCode();
        }

        Func<HttpClient, Random, Task<HttpResponseMessage>> byCode = (client, random) =>
            client.PostAsJsonAsync("/search/code?k=10", new { code = $"{random.NextInt64():x16}" });
        Func<HttpClient, Random, Task<HttpResponseMessage>> byPicture = (client, random) =>
            client.PostAsync("/search?k=10", new ByteArrayContent(pictures[random.Next(pictures.Length)]));
        await SearchAsync(service.Clients, CodeCallers, WarmUpTime, byCode);
        (int byCodeAnswered, double byCodeMedian) = await SearchAsync(service.Clients, CodeCallers, SearchTime, byCode);
        await SearchAsync(service.Clients, PictureCallers, WarmUpTime / 4, byPicture);
        (int byPictureAnswered, double byPictureMedian) = await SearchAsync(service.Clients, PictureCallers, SearchTime, byPicture);
        return
        [
            $"{nodes}",
            $"{count / seconds:0}",
            $"{byPictureAnswered / SearchTime.TotalSeconds:0}",
            $"{byPictureMedian:0.0} ms",
            $"{byCodeAnswered / SearchTime.TotalSeconds:#,0}",
            $"{byCodeMedian:0.00} ms",
        ];
    }

    /// <returns>Seconds from the job's start to its end, and the position at which searches see all of it.</returns>
    private static async Task<(double Seconds, string Position)> ImportAsync(HttpClient client, byte[][] pictures, int count)
    {
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

    /// <summary>Callers that search one after another, each at one node.</summary>
    /// <returns>Searches that were answered, and the median of their milliseconds.</returns>
    private static async Task<(int Answered, double Median)> SearchAsync(
        HttpClient[] clients, int callers, TimeSpan time, Func<HttpClient, Random, Task<HttpResponseMessage>> search)
    {
        var clock = Stopwatch.StartNew();
        List<double>[] times = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            var own = new List<double>();
            while (clock.Elapsed < time)
            {
                long begun = Stopwatch.GetTimestamp();
                using HttpResponseMessage found = await search(clients[caller % clients.Length], random);
                found.EnsureSuccessStatusCode();
                await found.Content.ReadAsByteArrayAsync();
                own.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            return own;
        })));
        double[] all = [.. times.SelectMany(own => own).Order()];
        return (all.Length, all[all.Length / 2]);
    }
}
