using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>What it costs that shards are on other nodes: searches by code to running nodes of a cluster, with the collection whole and in shards.</summary>
internal static class ShardHop
{
    private const int WarmUp = 300;

    /// <summary><c>--nodes ADDRESS,ADDRESS,… [--collection default] [--shards 1,8] [--queries 2000] [--k 20]</c>: the collection is spread anew, and left whole.</summary>
    public static int Run(string[] args)
    {
        if (NamedOptions.Read(args, new() { ["nodes"] = "", ["collection"] = "default", ["shards"] = "1,8", ["queries"] = "2000", ["k"] = "20" }) is not { } options)
        {
            return 1;
        }

        if (options["nodes"].Length == 0)
        {
            Console.Error.WriteLine("--nodes names the HTTP addresses of running nodes of one cluster, such as http://127.0.0.1:8081,http://127.0.0.1:8082.");
            return 1;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(NamedOptions options)
    {
        HttpClient[] nodes = [.. options["nodes"].Split(',').Select(address => new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) })];
        string collection = options["collection"];
        JsonNode whole = await MoveAsync(nodes, collection, 0);
        Table table = Tables.Create(["shards", "asked node", "searchMs p50", "p95", "more than whole, p50", "round trip p50", "p95"]);
        var alone = new double[nodes.Length];
        foreach (int shards in options.Numbers("shards").Prepend(0))
        {
            JsonNode found = await MoveAsync(nodes, collection, shards);
            for (int node = 0; node < nodes.Length; node++)
            {
                (double[] search, double[] trip) = await MeasureAsync(nodes[node], whole, options.Number("queries"), options.Number("k"));
                alone[node] = shards == 0 ? At(search, 50) : alone[node];
                string holds = shards == 0 ? "all" : $"{await LocalAsync(nodes[node], found)} of {shards}";
                table.AddRow(
                    shards == 0 ? "whole" : $"{shards}",
                    $"{node + 1}, has {holds}",
                    $"{At(search, 50):0.000} ms",
                    $"{At(search, 95):0.000} ms",
                    shards == 0 ? "" : $"{At(search, 50) - alone[node]:0.000} ms",
                    $"{At(trip, 50):0.000} ms",
                    $"{At(trip, 95):0.000} ms");
            }
        }

        await MoveAsync(nodes, collection, 0);
        Tables.Show(
            "shard-hop", table, $"{options["queries"]} searches one after another by random codes, k = {options["k"]}, {(long)whole["pictures"]!:N0} pictures, {nodes.Length} nodes, one replica.");
    }

    /// <summary>How many shards the asked node has itself: those whose address the cluster knows as its own.</summary>
    private static async Task<int> LocalAsync(HttpClient node, JsonNode found)
    {
        // A node prefers its own: the metric of codes in its index tells how many it has.
        string metrics = await node.GetStringAsync("/metrics");
        string? line = metrics.Split('\n').FirstOrDefault(line => line.StartsWith("dpfah_index_codes", StringComparison.Ordinal) && line.Contains($"collection=\"{found["name"]}\"", StringComparison.Ordinal));
        double codes = line is null ? 0 : double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        return (int)Math.Round(codes * (int)found["shards"]!["count"]! / Math.Max(1, (long)found["pictures"]!));
    }

    private static async Task<JsonNode> MoveAsync(HttpClient[] nodes, string collection, int shards)
    {
        using (HttpResponseMessage answer = await nodes[0].PostAsJsonAsync($"/collections/{collection}/reshard", new { shards, replicas = 1 }))
        {
            answer.EnsureSuccessStatusCode();
        }

        JsonNode? found = null;
        foreach (HttpClient node in nodes)
        {
            do
            {
                await Task.Delay(200);
                found = await node.GetFromJsonAsync<JsonNode>($"/collections/{collection}");
            }
            while (shards == 0
                ? found!["shards"] is not null
                : (int?)found!["shards"]?["count"] != shards || !found["shards"]!["items"]!.AsArray().All(shard => (bool)shard!["ready"]!));
        }

        return found!;
    }

    private static async Task<(double[] Search, double[] Trip)> MeasureAsync(HttpClient node, JsonNode collection, int queries, int k)
    {
        var random = new Random(1);
        var search = new List<double>();
        var trip = new List<double>();
        var code = new byte[(int)collection["generation"]!["bits"]! / 8];
        for (int i = -WarmUp; i < queries; i++)
        {
            random.NextBytes(code);
            var request = new
            {
                code = Convert.ToHexStringLower(code),
                signature = Convert.ToHexStringLower(SHA256.HashData(code)),
                collection = (string)collection["name"]!,
            };
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await node.PostAsJsonAsync($"/search/code?k={k}", request);
            JsonNode found = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>())!;
            if (found["partial"] is not null)
            {
                throw new InvalidOperationException($"Shards were missing: {found["missingShards"]}.");
            }

            if (i >= 0)
            {
                search.Add((double)found["timings"]!["searchMs"]!);
                trip.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return ([.. search.Order()], [.. trip.Order()]);
    }

    private static double At(double[] sorted, int percent) => sorted[sorted.Length * percent / 100];
}
