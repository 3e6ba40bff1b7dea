using System.Globalization;

namespace Dpfah.Engine.Search.Shards;

/// <summary>How the codes of a collection are spread over the nodes of a cluster.</summary>
/// <param name="Shards">Parts, 1 to <see cref="MaxShards"/>; each item is in one of them.</param>
/// <param name="Replicas">Copies of each part, 1 to <see cref="MaxReplicas"/>.</param>
public sealed record ShardLayout(int Shards, int Replicas)
{
    /// <summary>Most shards of a collection.</summary>
    public const int MaxShards = 64;

    /// <summary>Most replicas of a shard.</summary>
    public const int MaxReplicas = 8;

    // Knuth's multiplier: 2^32 over the golden ratio, odd.
    private const long Multiplier = 2654435761;
    private const long Low31 = 0x7FFFFFFF;
    private const long Low32 = 0xFFFFFFFF;

    /// <summary>The shard of an item, by a hash of its number that never changes.</summary>
    /// <remarks>
    /// Of the number, not of the public id: the number is what the change log, the codes and the key of every ranking have; who follows the
    /// log, or compares codes, does not know ids. Hashed, because two collections that are filled in turn have numbers of one parity each. By
    /// products below 2^63, so that <see cref="Condition"/> says the same in SQL.
    /// </remarks>
    /// <param name="number">Item number, at least 0.</param>
    /// <param name="shards">Parts.</param>
    public static int ShardOf(long number, int shards)
    {
        long folded = (number ^ (number >> 31)) & Low31;
        return (int)((((folded * Multiplier) & Low32) * shards) >> 32);
    }

    /// <summary>The same as a condition on a column of PostgreSQL.</summary>
    /// <param name="column">A bigint.</param>
    /// <param name="shards">Parts.</param>
    /// <param name="shard">The part that is wanted.</param>
    internal static string Condition(string column, int shards, int shard) => string.Create(
        CultureInfo.InvariantCulture,
        $"((((({column} # ({column} >> 31)) & {Low31}) * {Multiplier}) & {Low32}) * {shards}) >> 32 = {shard}");

    /// <summary>What is wrong with these numbers; null when nothing is.</summary>
    public static (string Parameter, string Detail)? Check(int shards, int replicas) =>
        shards is < 0 or > MaxShards ? ("shards", $"'shards' is 1 to {MaxShards}, or 0 for a collection that every node holds whole; it was {shards}.")
        : replicas is < 1 or > MaxReplicas ? ("replicas", $"'replicas' is 1 to {MaxReplicas}; it was {replicas}.")
        : null;
}
