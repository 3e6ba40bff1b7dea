using System.Diagnostics;
using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Engine.Search.Shards;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Nodes;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Three nodes as processes of their own, which share shards: every answer is that of a node which holds the whole collection.</summary>
/// <remarks>A server of its own: transactions of other tests would hold positions back, and what waits for a position is measured here.</remarks>
[Collection(SharedNodes.Name)]
public sealed class ClusterTests(OwnCluster cluster, ITestOutputHelper output) : IClassFixture<OwnCluster>
{
    private const int Images = 160;

    // Half a minute is meant, and 10 to 15 s are seen where nothing else runs. In the short form the two cores that all tests share take longer
    // for the start of three processes alone.
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(LongForm.Choose(120, 30));

    // As long as a service is given to end by who runs it, and how long it drains of that.
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DrainDelay = TimeSpan.FromSeconds(5);

    // Where no node is lost no answer may lack anything, and a shard that is only slow is waited for: two seconds, the default, are less than
    // two cores with other tests may hold a process up.
    private static readonly TimeSpan PatientTimeout = TimeSpan.FromSeconds(20);

    [Fact]
    [Trait(LongForm.Trait, "shards")]
    public async Task Shards_on_three_nodes_answer_as_one_node_does_through_moves_switches_kills_and_restarts()
    {
        using var database = new PostgresTestDatabase(await cluster.Cluster.CreateDatabaseAsync());
        await using ClusterNodes nodes = await ClusterNodes.StartAsync(
            database, 3, PatientTimeout, new Dictionary<string, string?> { ["Dpfah__DrainDelay"] = DrainDelay.ToString() });
        string collection = await FillAsync(nodes[0]);
        Assert.Null((await nodes.ReadyAsync(0, collection, 0, 0)).Shards);
        ShardQueries queries = await ShardQueries.CreateAsync(nodes[0], collection, LongForm.Choose(30, 300), LongForm.Seed());
        await queries.AssertSameAsync(nodes[1]);

        await MovesAsync(nodes, queries, collection);
        await WritesAsync(nodes, collection);
        await SwitchAsync(nodes, collection, await NodeModels.AddAsync(database.ConnectionString));
        queries = await ShardQueries.CreateAsync(nodes[0], collection, 30, 6);
        await LoseAsync(nodes, queries, collection, LongForm.Choose(1, 5), 1, "stopped", async node =>
        {
            var clock = Stopwatch.StartNew();
            Assert.Equal(0, await nodes.StopAsync(node));
            Assert.InRange(clock.Elapsed, DrainDelay, LongestStop);
            return () => nodes.StartAsync(node);
        }, isHandedOver: true);

        // From here on as it is by default.
        nodes.ShardTimeout = null;
        await KillAllAsync(nodes, queries, collection);
        await LoseAsync(nodes, queries, collection, LongForm.Choose(1, 20), 2, "killed", async node =>
        {
            await nodes.KillAsync(node);
            return () => nodes.StartAsync(node);
        });

        // It is given up after more than ten seconds: not in the short form.
        await LoseAsync(nodes, queries, collection, LongForm.Choose(0, 10), 2, "frozen", node =>
        {
            nodes.Process(node).Pause();
            return Task.FromResult<Func<Task>>(() =>
            {
                nodes.Process(node).Continue();
                return Task.CompletedTask;
            });
        });
    }

    [Fact]
    [Trait(LongForm.Trait, "cluster-upgrade")]
    public async Task Nodes_of_a_cluster_are_replaced_one_by_one_and_no_search_lacks_anything()
    {
        // In the short form one of them, by the same build.
        int replaced = LongForm.Choose(1, 3);
        string? older = LongForm.IsAsked ? await PreviousBuild.MakeAsync(PreviousBuild.ShardedCommit) : null;
        using var database = new PostgresTestDatabase(await cluster.Cluster.CreateDatabaseAsync());
        await using ClusterNodes nodes = await ClusterNodes.StartAsync(
            database, 3, PatientTimeout, new Dictionary<string, string?> { ["Dpfah__DrainDelay"] = DrainDelay.ToString() }, program: older);
        string collection = await FillAsync(nodes[0]);
        ShardQueries queries = await ShardQueries.CreateAsync(nodes[0], collection, 30, LongForm.Seed());
        await ReshardAsync(nodes, collection, 8, 1);
        nodes.Program = null;
        var loads = new List<ShardLoad>();
        for (int node = 0; node < replaced; node++)
        {
            int[] others = [.. Enumerable.Range(0, 3).Where(other => other != node)];
            await Task.WhenAll(others.Select(other => nodes.ReadyAsync(other, collection, 8, 1)));
            await using var load = new ShardLoad(nodes, queries, others);
            await load.MoreAsync(50);
            Assert.Equal(0, await nodes.StopAsync(node));
            await nodes.StartAsync(node);
            await ShardsBecomeAsync(nodes[node], collection, items => items.All(shard => shard.Ready) && items.Any(shard => shard.Node == nodes.AddressOf(node)));
            await queries.AssertSameAsync(nodes[node]);
            await load.MoreAsync(50);
            load.AssertRight();
            load.AssertNoneAskedAgain();
            loads.Add(load);
        }

        LongForm.Record(
            "nodes of a cluster replaced one by one",
            $"{replaced} of three nodes {(older is null ? "" : $"of the build {PreviousBuild.ShardedCommit} ")}replaced, with 8 shards of one copy: on the others {ShardLoad.Tell(loads)}");
    }

    [Fact]
    public async Task A_shard_without_a_node_is_told_as_missing_and_comes_back_elsewhere()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using ClusterNodes nodes = await ClusterNodes.StartAsync(database, 2, TimeSpan.FromSeconds(1));
        string collection = await FillAsync(nodes[0]);
        ShardQueries queries = await ShardQueries.CreateAsync(nodes[0], collection, 10, 7);
        await ReshardAsync(nodes, collection, 4, 1);
        CollectionResponse before = await nodes.ReadyAsync(0, collection, 4, 1);
        string[] lost = [.. before.Shards!.Items.Where(shard => shard.Node == nodes.AddressOf(1)).Select(shard => $"{collection}: shard {shard.Shard} of 4")];
        Assert.InRange(lost.Length, 1, 3);

        nodes.Process(1).Pause();

        // A page with all pictures: it lacks those of the missing shards, and no others. The other node is given up after three seconds at the earliest.
        long there = before.Shards.Items.Where(shard => shard.Node == nodes.AddressOf(0)).Sum(shard => shard.Pictures);
        SearchResponse answer = (await nodes[0].SearchAsync(Pictures.Png(1), $"?k=1000&collection={collection}")).Read<SearchResponse>();
        Assert.True(answer.Partial);
        Assert.Equal(lost, answer.MissingShards!);
        Assert.Equal(there, answer.Hits.Count);

        await nodes.KillAsync(1);
        var clock = Stopwatch.StartNew();
        await Eventually.BecomesAsync(
            async () => (await nodes[0].SearchAsync(Pictures.Png(1), $"?k=1000&collection={collection}")).Read<SearchResponse>(), found => found.Partial is null);
        output.WriteLine($"whole again after {clock.Elapsed.TotalSeconds:0.0} s");
        await queries.AssertSameAsync(nodes[0]);
    }

    [Fact]
    public async Task Without_a_cluster_nothing_of_it_is_loaded_and_shards_are_refused_in_words()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using ServiceProcess service = HostProcess.Start(database);
        await service.WaitUntilReadyAsync();
        using var client = new ApiClient(service.BaseAddress);

        Problem problem = (await client.SendJsonAsync(HttpMethod.Put, "/collections/many", """{"shards":3}""")).ReadProblem(HttpStatusCode.Conflict, "no-cluster");
        (await client.SendJsonAsync(HttpMethod.Post, "/collections/default/reshard", """{"shards":3}""")).ReadProblem(HttpStatusCode.Conflict, "no-cluster");

        Assert.Contains("ClusterAddress", problem.Detail, StringComparison.Ordinal);
        string[] loaded = await File.ReadAllLinesAsync($"/proc/{service.Id}/maps");
        Assert.Contains(loaded, line => line.EndsWith("Dpfah.Engine.dll", StringComparison.Ordinal));
        Assert.DoesNotContain(loaded, line => line.Contains("Orleans", StringComparison.Ordinal) || line.Contains("Dpfah.Cluster", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_needs_all_codes_on_one_node_is_refused_in_words()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using ClusterNodes nodes = await ClusterNodes.StartAsync(database, 1);
        ApiClient client = nodes[0];
        CollectionResponse made = (await client.SendJsonAsync(HttpMethod.Put, "/collections/many", """{"shards":3,"replicas":2}""")).Read<CollectionResponse>(HttpStatusCode.Created);
        Assert.Equal((3, 2, 6), (made.Shards!.Count, made.Shards.Replicas, made.Shards.Items.Count));
        await client.AddAsync("many", "a", Pictures.Png(1), ["dog"]);

        (await client.SendJsonAsync(HttpMethod.Post, "/collections/many/duplicates", "{}")).ReadProblem(HttpStatusCode.Conflict, "sharded-collection");
        (await client.SendJsonAsync(HttpMethod.Post, "/evaluations", """{"model":"hash-64","collection":"many"}""")).ReadProblem(HttpStatusCode.Conflict, "sharded-collection");
        (await client.SearchAsync(Pictures.Png(1), "?collection=many&confidence=0.9")).ReadProblem(HttpStatusCode.Conflict, "sharded-collection");
        (await client.SendJsonAsync(HttpMethod.Put, "/collections/many", """{"shards":4}""")).ReadProblem(HttpStatusCode.Conflict, "other-shards");
        (await client.SendJsonAsync(HttpMethod.Put, "/collections/many", """{"shards":3,"replicas":2}""")).AssertStatus(HttpStatusCode.OK);
        foreach (string wrong in (string[])["""{"shards":65}""", """{"shards":-1}""", """{"shards":2,"replicas":0}""", """{"shards":2,"replicas":9}""", "{}"])
        {
            (await client.SendJsonAsync(HttpMethod.Post, "/collections/many/reshard", wrong)).ReadBadParameter();
        }
    }

    [Fact]
    public async Task The_database_finds_the_same_shard_as_the_program()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        foreach ((int shards, int shard) in new[] { (3, 0), (8, 7), (64, 63) })
        {
            string sql = $"""
                SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM (
                    SELECT generate_series(0, 500)::bigint AS n UNION SELECT (1::bigint << b) + b FROM generate_series(9, 62) b) numbers
                WHERE {ShardLayout.Condition("n", shards, shard)}
                """;
            IEnumerable<long> numbers = Enumerable.Range(0, 501).Select(n => (long)n).Union(Enumerable.Range(9, 54).Select(b => (1L << b) + b));

            Assert.Equal(
                string.Join(',', numbers.Where(n => ShardLayout.ShardOf(n, shards) == shard).Order()), await database.ReadAsync<string>(sql));
        }
    }

    /// <summary>From every node to shards and back, under searches.</summary>
    private static async Task MovesAsync(ClusterNodes nodes, ShardQueries queries, string collection)
    {
        await using var load = new ShardLoad(nodes, queries, 0, 1, 2);
        foreach ((int shards, int replicas) in LongForm.IsAsked ? [(3, 2), (8, 1), (1, 1), (0, 1), (3, 2)] : new[] { (8, 1), (0, 1), (3, 2) })
        {
            await ReshardAsync(nodes, collection, shards, replicas);
            for (int node = 0; node < nodes.Count; node++)
            {
                await nodes.ReadyAsync(node, collection, shards, replicas);
                await queries.AssertSameAsync(nodes[node]);
            }

            if (shards > 0)
            {
                CollectionResponse there = await nodes.ReadyAsync(0, collection, shards, replicas);
                Assert.Equal(Images, there.Pictures);
                Assert.Equal(shards * replicas, there.Shards!.Items.Count);
                Assert.Equal(Math.Min(3, shards * replicas), there.Shards.Items.Select(shard => shard.Node).Distinct().Count());
            }
        }

        load.AssertRight();
        load.AssertNoneAskedAgain();
        LongForm.Record("shards moved", $"from every node to shards, back and again: {load.Told}");
    }

    /// <summary>What was written through one node is seen by a search on another that names its position.</summary>
    private static async Task WritesAsync(ClusterNodes nodes, string collection)
    {
        for (int n = 0; n < 20; n++)
        {
            ImageResponse added = await nodes[n % 3].AddAsync(collection, $"w{n}", Pictures.Png(5_000 + n), ["written"]);
            SearchResponse found = (await nodes[(n + 1) % 3].SearchAsync(
                Pictures.Png(5_000 + n), $"?k=1&collection={collection}&label=written&minPosition={added.Position}")).Read<SearchResponse>();
            Assert.Equal(($"w{n}", 0, 0), (found.Hits[0].Id, found.Hits[0].Distance, found.Hits[0].FineDistance));
            Assert.Equal(n + 1, (await LabelledAsync(nodes[(n + 2) % 3], collection, added.Position!)).Hits.Count);
        }

        Answer gone = await nodes[0].DeleteAsync(ApiClient.ImagePath(collection, "w3"));
        gone.AssertStatus(HttpStatusCode.NoContent);
        SearchResponse left = await LabelledAsync(nodes[1], collection, gone.Headers.GetValues("Dpfah-Position").Single());
        Assert.Equal(19, left.Hits.Count);
        Assert.DoesNotContain(left.Hits, hit => hit.Id == "w3");
        await Eventually.BecomesAsync(
            async () => (await nodes[2].GetAsync($"/collections/{collection}")).Read<CollectionResponse>().Pictures, count => count == Images + 19);
    }

    private static async Task<SearchResponse> LabelledAsync(ApiClient client, string collection, string position) => (await client.SearchAsync(
        Pictures.Png(1), $"?k=100&collection={collection}&label=written&minPosition={position}")).Read<SearchResponse>();

    /// <summary>Another model's codes take over: each answer is whole, and of the one generation or the other.</summary>
    private static async Task SwitchAsync(ClusterNodes nodes, string collection, string model)
    {
        ShardQueries before = await ShardQueries.CreateAsync(nodes[0], collection, 30, 5, pages: false);
        int generation = (await nodes[1].FillAsync(collection, model)).Generation.Generation.Id;
        (await nodes[2].ActivateAsync(collection, generation)).AssertStatus(HttpStatusCode.Conflict);

        ShardQueries after;
        await using (var load = new ShardLoad(nodes, before, 0, 1, 2))
        {
            await load.MoreAsync(50);
            (await nodes[2].ActivateAsync(collection, generation, """{"force":true}""")).AssertStatus(HttpStatusCode.OK);
            await load.MoreAsync(50);
            after = await before.AgainAsync(nodes[2]);
            Assert.All(Enumerable.Range(0, 30), number => Assert.NotEqual(before.Expected(number), after.Expected(number)));
            load.AssertRight(or: after);
            load.AssertNoneAskedAgain();
            LongForm.Record("shards switched", $"to another model's codes: {load.Told}");
        }

        // As one node answers.
        await ReshardAsync(nodes, collection, 0, 1);
        for (int node = 0; node < nodes.Count; node++)
        {
            await nodes.ReadyAsync(node, collection, 0, 1);
            await after.AssertSameAsync(nodes[node]);
        }

        await ReshardAsync(nodes, collection, 3, 2);
        await nodes.ReadyAsync(0, collection, 3, 2);
    }

    /// <summary>
    /// One node of three goes, is done without, comes back and takes its share again, so many times; those who ask the others notice nothing but
    /// time, and not even that they have to ask again when it has handed its share over before.
    /// </summary>
    private static async Task LoseAsync(
        ClusterNodes nodes, ShardQueries queries, string collection, int times, int replicas, string how, Func<int, Task<Func<Task>>> lose, bool isHandedOver = false)
    {
        const int Lost = 2;
        var loads = new List<ShardLoad>();
        var recovered = new List<double>();
        var returned = new List<double>();
        for (int round = 0; round < times; round++)
        {
            await ReshardAsync(nodes, collection, 3, replicas);
            for (int node = 0; node < nodes.Count; node++)
            {
                await nodes.ReadyAsync(node, collection, 3, replicas);
            }

            int share = (await nodes.ReadyAsync(0, collection, 3, replicas)).Shards!.Items.Count(shard => shard.Node == nodes.AddressOf(Lost));
            await using var load = new ShardLoad(nodes, queries, 0, 1);
            await load.MoreAsync(100);
            var clock = Stopwatch.StartNew();
            Func<Task> back = await lose(Lost);
            await ShardsBecomeAsync(nodes[0], collection, items => items.All(shard => shard.Ready) && items.All(shard => shard.Node != nodes.AddressOf(Lost)));
            recovered.Add(clock.Elapsed.TotalSeconds);
            await load.MoreAsync(100);
            load.AssertRight();

            clock.Restart();
            await back();
            await ShardsBecomeAsync(nodes[1], collection, items => items.All(shard => shard.Ready) && items.Count(shard => shard.Node == nodes.AddressOf(Lost)) == share);
            returned.Add(clock.Elapsed.TotalSeconds);
            await nodes.ReadyAsync(Lost, collection, 3, replicas);
            await queries.AssertSameAsync(nodes[Lost]);
            load.AssertRight();
            if (isHandedOver)
            {
                load.AssertNoneAskedAgain();
            }

            loads.Add(load);
        }

        if (times > 0)
        {
            LongForm.Record(
                $"a node of three {how} {times} times, {replicas} {(replicas == 1 ? "copy" : "copies")} of each shard",
                $"on the others {ShardLoad.Tell(loads)}; every copy was on another node after {recovered.Min():0.0} to {recovered.Max():0.0} s, its share with it again "
                    + $"{returned.Min():0.0} to {returned.Max():0.0} s after it was back");
        }
    }

    internal static Task<IReadOnlyList<ShardResponse>> ShardsBecomeAsync(ApiClient client, string collection, Func<IReadOnlyList<ShardResponse>, bool> wanted) => Eventually.BecomesAsync(
        async () => (await client.GetAsync($"/collections/{collection}")).Read<CollectionResponse>().Shards!.Items, wanted, items => string.Join("; ", items));

    private static async Task KillAllAsync(ClusterNodes nodes, ShardQueries queries, string collection)
    {
        await ReshardAsync(nodes, collection, 3, 2);
        await nodes.ReadyAsync(0, collection, 3, 2);
        await nodes.KillAsync(0, 1, 2);
        var clock = Stopwatch.StartNew();

        // Who joins finds nobody at the addresses of the list.
        await nodes.StartElsewhereAsync(0, 1, 2);
        TimeSpan joined = clock.Elapsed;
        await nodes.ReadyAsync(0, collection, 3, 2);
        LongForm.Record(
            "all three killed",
            $"started again at once at other addresses, ready after {joined.TotalSeconds:0.0} s, every copy was there after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(joined, TimeSpan.Zero, LongestStart);
        await queries.AssertSameAsync(nodes[1]);
    }

    internal static async Task ReshardAsync(ClusterNodes nodes, string collection, int shards, int replicas) =>
        (await nodes[0].SendJsonAsync(HttpMethod.Post, $"/collections/{collection}/reshard", $$"""{"shards":{{shards}},"replicas":{{replicas}}}"""))
            .Read<ReshardResponse>(HttpStatusCode.Accepted);

    internal static async Task<string> FillAsync(ApiClient client)
    {
        string collection = await client.CreateCollectionAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Images), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) => await client.AddAsync(
            collection, $"p{n}", SharedPictures.Picture(n), n % 2 == 0 ? ["dog", $"l{n % 7}"] : n % 3 == 0 ? ["cat"] : [], SharedPictures.Metadata(n)));
        string position = (await client.PutAsync(collection, "p0", SharedPictures.Picture(0), ["dog", "l0"])).Read<ImageResponse>().Position!;
        (await client.SearchAsync(SharedPictures.Picture(0), $"?collection={collection}&minPosition={position}")).AssertStatus(HttpStatusCode.OK);
        return collection;
    }
}
