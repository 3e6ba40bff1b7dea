using System.Diagnostics;
using System.Net;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Nodes;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Three nodes that share shards, of which one is cut off from the others and from the database, and all of them when the database ends.</summary>
/// <remarks>A server of its own: it is ended.</remarks>
[Collection(SharedNodes.Name)]
public sealed class ClusterCutTests(OwnCluster cluster) : IClassFixture<OwnCluster>
{
    private const int Shards = 3;
    private const int Replicas = 2;

    // What was sent into nowhere is sent again after as long as it was cut off, or twice that.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    [Trait(LongForm.Trait, "shards")]
    public async Task A_node_that_is_cut_off_answers_nothing_wrong_the_others_all_and_searches_by_code_outlast_the_database()
    {
        using var database = new PostgresTestDatabase(await cluster.Cluster.CreateDatabaseAsync());
        await using CutNetwork network = await CutNetwork.CreateAsync(database.ConnectionString, 3);
        await using ClusterNodes nodes = await ClusterNodes.StartAsync(
            database, 3, settings: new Dictionary<string, string?> { ["Dpfah__ReadyLag"] = "00:00:02" }, network: network);
        string collection = await ClusterTests.FillAsync(nodes[0]);
        ShardQueries queries = await ShardQueries.CreateAsync(nodes[0], collection, 20, LongForm.Seed(), pages: false, codesOnly: true);
        await ClusterTests.ReshardAsync(nodes, collection, Shards, Replicas);
        await WholeAsync(nodes, queries, collection);
        int rounds = LongForm.Choose(1, 5);
        var cuts = new List<(ShardLoad Load, double Told, double Recovered, double Whole)>();
        var ends = new List<ShardLoad>();
        for (int round = 0; round < rounds; round++)
        {
            cuts.Add(await CutOffAsync(nodes, network, queries, collection));
            ends.Add(await EndDatabaseAsync(nodes, queries, collection));
        }

        LongForm.Record(
            $"a node of three cut off from {(network.HasLinks ? "all others" : "the database")} {rounds} times",
            $"on the others {ShardLoad.Tell([.. cuts.Select(cut => cut.Load)])}; it said so after {Span(cuts.Select(cut => cut.Told))}, copies were on the others after "
                + $"{Span(cuts.Select(cut => cut.Recovered))}, all was whole {Span(cuts.Select(cut => cut.Whole))} after its link was mended");
        LongForm.Record($"the database of three nodes ended at once and started {rounds} times", $"searches by code: {ShardLoad.Tell(ends)}");

        static string Span(IEnumerable<double> seconds) => $"{seconds.Min():0.0} to {seconds.Max():0.0} s";
    }

    private static async Task<(ShardLoad Load, double Told, double Recovered, double Whole)> CutOffAsync(ClusterNodes nodes, CutNetwork network, ShardQueries queries, string collection)
    {
        const int Cut = 2;
        await using var load = new ShardLoad(nodes, queries, 0, 1);
        await load.MoreAsync(50);
        var clock = Stopwatch.StartNew();
        await network.CutAsync(Cut);
        await ReadyBecomesAsync(nodes[Cut], HttpStatusCode.ServiceUnavailable);
        TimeSpan told = clock.Elapsed;

        // It has two of three shards, and nobody to ask for the third; unless it is cut off from the database alone.
        for (int number = 0; number < 5; number++)
        {
            (string? answer, Lack lack) = await queries.AskAsync(nodes[Cut], number);
            Assert.True(network.HasLinks ? lack != Lack.None : lack != Lack.None || answer == queries.Expected(number), answer);
        }

        if (network.HasLinks)
        {
            await ClusterTests.ShardsBecomeAsync(nodes[0], collection, items => items.All(shard => shard.Ready && shard.Node != nodes.AddressOf(Cut)));
        }

        TimeSpan recovered = clock.Elapsed;
        await load.MoreAsync(50);
        load.AssertRight();

        clock.Restart();
        await network.HealAsync(Cut);
        await WholeAsync(nodes, queries, collection);
        load.AssertRight();
        return (load, told.TotalSeconds, recovered.TotalSeconds, clock.Elapsed.TotalSeconds);
    }

    private async Task<ShardLoad> EndDatabaseAsync(ClusterNodes nodes, ShardQueries queries, string collection)
    {
        await using var load = new ShardLoad(nodes, queries, 0, 1, 2);
        await load.MoreAsync(50);
        await cluster.Cluster.CrashAsync();
        await load.MoreAsync(50);
        await cluster.Cluster.StartAsync();
        await load.MoreAsync(50);
        await WholeAsync(nodes, queries, collection);
        load.AssertRight();
        return load;
    }

    /// <summary>Every node is ready, has all copies, and answers as one node does.</summary>
    private static async Task WholeAsync(ClusterNodes nodes, ShardQueries queries, string collection)
    {
        for (int node = 0; node < nodes.Count; node++)
        {
            await ReadyBecomesAsync(nodes[node], HttpStatusCode.OK);
            await nodes.ReadyAsync(node, collection, Shards, Replicas);
            await queries.AssertSameAsync(nodes[node]);
        }
    }

    private static Task<Answer> ReadyBecomesAsync(ApiClient client, HttpStatusCode status) => Eventually.BecomesAsync(
        () => client.GetAsync("/health/ready"), answer => answer.Status == status, answer => answer.Text, Patience);
}
