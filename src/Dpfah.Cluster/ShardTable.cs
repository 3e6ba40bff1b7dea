using System.IO.Hashing;
using System.Text;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Cluster;

/// <summary>
/// Which node has which replica: worked out by every node for itself from the same list of nodes, so that nobody has to be asked. No node has
/// more than its share, replicas of a shard are on different nodes as long as there are enough, and when a node comes or goes most stay where
/// they are (rendezvous hashing with bounded load).
/// </summary>
internal sealed class ShardTable
{
    private readonly int[][] owners;

    /// <summary>Works it out.</summary>
    /// <param name="generation">What is spread.</param>
    /// <param name="nodes">Names of the nodes, at least one, in any order.</param>
    public ShardTable(ShardedGeneration generation, IReadOnlyList<string> nodes)
    {
        (int shards, int replicas) = generation.Layout;
        int share = ((shards * replicas) + nodes.Count - 1) / nodes.Count;
        var load = new int[nodes.Count];
        owners = new int[shards][];
        for (int shard = 0; shard < shards; shard++)
        {
            int[] ranked = [.. Enumerable.Range(0, nodes.Count).OrderByDescending(node => Rank(nodes[node], generation, shard)).ThenBy(node => nodes[node], StringComparer.Ordinal)];
            var chosen = new List<int>(replicas);
            for (int replica = 0; replica < replicas; replica++)
            {
                // Another node with room; else another node; else, where replicas outnumber nodes, one with room.
                int[] others = [.. ranked.Where(node => !chosen.Contains(node))];
                int owner = others.Concat(others.Length == 0 ? ranked : []).FirstOrDefault(node => load[node] < share, -1);
                owner = owner >= 0 ? owner : others.Concat(ranked).MinBy(node => load[node] + (chosen.Contains(node) ? shards * replicas : 0));
                chosen.Add(owner);
                load[owner]++;
            }

            owners[shard] = [.. chosen];
        }
    }

    /// <summary>The node that has a replica, as its place in the list of nodes.</summary>
    public int Owner(int shard, int replica) => owners[shard][replica];

    private static ulong Rank(string node, ShardedGeneration generation, int shard) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{node}|{generation.Generation}|{generation.Layout.Shards}|{shard}"));
}
