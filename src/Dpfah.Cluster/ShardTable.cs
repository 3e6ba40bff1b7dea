using System.IO.Hashing;
using System.Text;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Cluster;

/// <summary>
/// Which node has which replica: worked out by every node for itself from the same list of nodes, so that nobody has to be asked. No node has
/// more than its share, replicas of a shard are on different nodes as long as there are enough (those beyond the number of nodes share a copy
/// with another), and when a node comes or goes most stay where they are (rendezvous hashing with bounded load).
/// </summary>
internal sealed class ShardTable
{
    private readonly int[][] owners;

    /// <summary>Works it out.</summary>
    /// <param name="generation">What is spread.</param>
    /// <param name="nodes">Names of the nodes, at least one, in any order.</param>
    public ShardTable(ShardedGeneration generation, IReadOnlyList<string> nodes)
    {
        int shards = generation.Layout.Shards;
        int copies = Math.Min(generation.Layout.Replicas, nodes.Count);
        int share = ((shards * copies) + nodes.Count - 1) / nodes.Count;
        var load = new int[nodes.Count];
        owners = new int[shards][];
        for (int shard = 0; shard < shards; shard++)
        {
            // What a node can still take: one copy of each shard that is left, this one included, and no more than its share. All nodes together
            // can take what is left of all copies; by how much more is how many of those that need one of each shard left may be passed over.
            int left = shards - shard;
            int spare = load.Sum(had => Math.Min(share - had, left)) - (left * copies);
            IEnumerable<int> ranked = Enumerable.Range(0, nodes.Count)
                .OrderByDescending(node => Rank(nodes[node], generation, shard)).ThenBy(node => nodes[node], StringComparer.Ordinal);
            List<int> able = [.. ranked.Where(node => load[node] < share)];
            int[] chosen = [.. able.Take(copies)];
            var needy = new Queue<int>(able.Skip(copies).Where(node => share - load[node] >= left));
            while (needy.Count > spare)
            {
                chosen[Array.FindLastIndex(chosen, node => share - load[node] < left)] = needy.Dequeue();
            }

            Array.ForEach(chosen, node => load[node]++);
            owners[shard] = chosen;
        }
    }

    /// <summary>The node that has a replica, as its place in the list of nodes.</summary>
    public int Owner(int shard, int replica) => owners[shard][replica % owners[shard].Length];

    private static ulong Rank(string node, ShardedGeneration generation, int shard) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{node}|{generation.Generation}|{generation.Layout.Shards}|{shard}"));
}
