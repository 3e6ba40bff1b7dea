using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data;
using Dpfah.Engine.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Native;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>What it costs that shards are on other nodes: searches by code of a collection whole, on the asked node, and in shards on all.</summary>
internal static class ShardHop
{
    private const string Collection = "load", Codes = "1000000";
    private const int WarmUp = 1_000;

    /// <summary><c>[--nodes 3] [--codes 1000000] [--shards 1,8] [--queries 2000] [--rounds 3] [--k 20]</c>.</summary>
    public static int Run(string[] args)
    {
        Dictionary<string, string> defaults = new()
        {
            ["nodes"] = "3",
            ["codes"] = Codes,
            ["shards"] = "1,8",
            ["queries"] = "2000",
            ["rounds"] = "3",
            ["k"] = "20",
        };
        if (NamedOptions.Read(args, defaults) is not { } options)
        {
            return 1;
        }

        if (!File.Exists(NativeNodes.Service))
        {
            Console.Error.WriteLine($"There is no {NativeNodes.Service} here: run this in the repository's root, after dotnet build -c Release.");
            return 1;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(NamedOptions options)
    {
        await using var service = new NativeNodes(NativeNodes.Service, threads: 1, cluster: true);
        await service.StartAsync(0);
        await FillAsync(NativeNodes.Connection, options.Number("codes"));
        await service.StartAsync(options.Number("nodes"));
        int[] counts = [0, .. options.Numbers("shards")];
        int rounds = options.Number("rounds");
        var found = new Dictionary<(int Shards, string Holds), List<double[]>>();
        for (int round = 0; round < rounds; round++)
        {
            foreach (int shards in counts)
            {
                JsonNode placed = await MoveAsync(service.Clients, shards);
                foreach ((int number, HttpClient node) in service.Clients.Index())
                {
                    string holds = shards == 0 ? "all of it" : $"{placed["shards"]!["items"]!.AsArray().Count(shard => (string?)shard!["node"] == NativeNodes.ClusterAddress(number))} of {shards}";
                    (double[] search, double[] trip) = await MeasureAsync(node, options);
                    if (!found.TryGetValue((shards, holds), out List<double[]>? times))
                    {
                        found.Add((shards, holds), times = []);
                    }

                    times.Add([At(search, 50), At(search, 95), At(trip, 50), At(trip, 95)]);
                }
            }
        }

        Table table = Tables.Create(["shards", "asked node has", "search p50", "p95", "more than whole, p50", "round trip p50", "p95", "more than whole, p50"]);
        double[] whole = Medians(found[(0, "all of it")]);
        foreach (((int shards, string holds), List<double[]> times) in found.OrderBy(pair => pair.Key.Shards).ThenByDescending(pair => pair.Key.Holds, StringComparer.Ordinal))
        {
            double[] at = Medians(times);
            table.AddRow(
                shards == 0 ? "whole" : $"{shards}",
                holds,
                $"{at[0]:0.00} ms",
                $"{at[1]:0.00} ms",
                shards == 0 ? "" : $"{at[0] - whole[0]:0.00} ms",
                $"{at[2]:0.00} ms",
                $"{at[3]:0.00} ms",
                shards == 0 ? "" : $"{at[2] - whole[2]:0.00} ms");
        }

        Tables.Show(
            options["codes"] == Codes ? "shard-hop" : $"shard-hop-{options["codes"]}",
            table,
            $"{options.Number("codes"):N0} codes of 64 bits with signatures, {options["nodes"]} nodes of one machine, one copy of each shard, k = {options["k"]}. Lone searches by code, {options["queries"]} a node in each of "
                + $"{rounds} rounds, in which the collection is whole and in shards by turns; medians over rounds and nodes. The search is what the service tells of its own time, the round trip what the caller waits.");
    }

    private static async Task FillAsync(string connection, int codes)
    {
        EncoderIdentity identity;
        await using (IImageEncoder encoder = FirstEncoder.Open(new EncoderOptions()))
        {
            identity = encoder.Identity;
        }

        await using var database = new PostgresDatabase(connection);
        await database.PrepareAsync(CancellationToken.None);
        var models = new ModelStore(database, new FirstModel(Network.Decoder, TorchDevice.Choose("cpu")), TimeProvider.System);
        await new LoadData(FirstModel.DefaultBits).EnsureAsync(database, models, Collection, codes, identity);
    }

    /// <summary>Spreads the collection anew, whole at 0, and waits until all nodes answer from that.</summary>
    /// <returns>The collection.</returns>
    private static async Task<JsonNode> MoveAsync(HttpClient[] nodes, int shards)
    {
        JsonNode now = (await nodes[0].GetFromJsonAsync<JsonNode>($"/collections/{Collection}"))!;
        if (((int?)now["shards"]?["count"] ?? 0) != shards)
        {
            using HttpResponseMessage answer = await nodes[0].PostAsJsonAsync($"/collections/{Collection}/reshard", new { shards, replicas = 1 });
            answer.EnsureSuccessStatusCode();
        }

        foreach (HttpClient node in nodes)
        {
            do
            {
                await Task.Delay(200);
                now = (await node.GetFromJsonAsync<JsonNode>($"/collections/{Collection}"))!;
            }
            while (shards == 0
                ? now["shards"] is not null
                : (int?)now["shards"]?["count"] != shards || !now["shards"]!["items"]!.AsArray().All(shard => (bool)shard!["ready"]!));
        }

        return now;
    }

    private static async Task<(double[] Search, double[] Trip)> MeasureAsync(HttpClient node, NamedOptions options)
    {
        var random = new Random(1);
        int queries = options.Number("queries");
        var search = new List<double>();
        var trip = new List<double>();
        byte[] code = new byte[FirstModel.DefaultBits / 8], signature = new byte[ImageCode.SignatureBits / 8];
        for (int i = -WarmUp; i < queries; i++)
        {
            random.NextBytes(code);
            random.NextBytes(signature);
            var request = new { code = Convert.ToHexStringLower(code), signature = Convert.ToHexStringLower(signature), collection = Collection };
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await node.PostAsJsonAsync($"/search/code?k={options["k"]}", request);
            byte[] body = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            JsonNode found = JsonNode.Parse(body)!;
            if (found["partial"] is not null)
            {
                throw new InvalidOperationException($"Shards were missing: {found["missingShards"]}.");
            }

            if (i >= 0)
            {
                search.Add((double)found["timings"]!["searchMs"]!);
                trip.Add(milliseconds);
            }
        }

        return ([.. search.Order()], [.. trip.Order()]);
    }

    private static double[] Medians(List<double[]> times) => [.. Enumerable.Range(0, times[0].Length).Select(column => At([.. times.Select(row => row[column]).Order()], 50))];

    private static double At(double[] sorted, int percent) => sorted[Math.Min(sorted.Length - 1, sorted.Length * percent / 100)];
}
