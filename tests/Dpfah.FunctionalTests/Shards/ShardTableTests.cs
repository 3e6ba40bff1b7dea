using Dpfah.Cluster;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Which node has which replica.</summary>
public class ShardTableTests
{
    private static string[] Nodes(int count) => [.. Enumerable.Range(1, count).Select(n => $"10.0.0.{n}:11111")];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(8, 2)]
    [InlineData(64, 3)]
    [InlineData(5, 8)]
    public void No_node_has_more_than_its_share_and_copies_are_on_different_nodes(int shards, int replicas)
    {
        foreach ((int nodes, int generation) in from nodes in Enumerable.Range(1, 10) from generation in Enumerable.Range(1, 20) select (nodes, generation))
        {
            var table = new ShardTable(new ShardedGeneration(generation, new ShardLayout(shards, replicas)), Nodes(nodes));

            var load = new int[nodes];
            for (int shard = 0; shard < shards; shard++)
            {
                int[] owners = [.. Enumerable.Range(0, replicas).Select(replica => table.Owner(shard, replica))];
                Assert.Equal(Math.Min(replicas, nodes), owners.Distinct().Count());
                Array.ForEach([.. owners.Distinct()], owner => load[owner]++);
            }

            int share = ((shards * Math.Min(replicas, nodes)) + nodes - 1) / nodes;
            Assert.All(load, count => Assert.InRange(count, 0, share));
        }
    }

    [Fact]
    public void Every_node_comes_to_the_same_table_whatever_the_order_of_its_list()
    {
        var generation = new ShardedGeneration(3, new ShardLayout(16, 2));
        string[] nodes = Nodes(5), other = [.. nodes.Reverse()];
        ShardTable one = new(generation, nodes), two = new(generation, other);

        for (int shard = 0; shard < 16; shard++)
        {
            Assert.Equal(
                Enumerable.Range(0, 2).Select(replica => nodes[one.Owner(shard, replica)]),
                Enumerable.Range(0, 2).Select(replica => other[two.Owner(shard, replica)]));
        }
    }

    [Fact]
    public void A_node_that_goes_moves_little_beside_what_it_had()
    {
        const int Shards = 64;
        var generation = new ShardedGeneration(3, new ShardLayout(Shards, 1));
        string[] nodes = Nodes(8);
        var before = new ShardTable(generation, nodes);
        var after = new ShardTable(generation, nodes[..^1]);

        int stayed = Enumerable.Range(0, Shards).Count(shard => before.Owner(shard, 0) == after.Owner(shard, 0));

        // Eight were on the node that went; the bound on the load moves some more.
        Assert.InRange(stayed, Shards * 6 / 10, Shards - 8);
    }
}
