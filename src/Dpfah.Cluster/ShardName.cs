using System.Globalization;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Cluster;

/// <summary>Key of the grain that owns a replica of a shard.</summary>
/// <param name="Key">Generation and shard.</param>
/// <param name="Replica">The replica, from 0.</param>
/// <param name="Replicas">Copies of the shard.</param>
internal readonly record struct ShardName(IndexKey Key, int Replica, int Replicas)
{
    /// <summary>Reads the text of a key.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ShardName Parse(string text)
    {
        int[] parts = [.. text.Split('/').Select(part => int.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture))];
        return parts is [int generation, int shards, int shard, int replica, int replicas]
            ? new ShardName(new IndexKey(generation, shards, shard), replica, replicas)
            : throw new FormatException($"'{text}' is no replica of a shard.");
    }

    /// <summary>The key as text: generation, shards, shard, replica, replicas.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Key.Generation}/{Key.Shards}/{Key.Shard}/{Replica}/{Replicas}");
}
