namespace Dpfah.Engine.Search.Shards;

/// <summary>What an index holds: a generation, or a shard of it.</summary>
/// <param name="Generation">Number of the generation.</param>
/// <param name="Shards">Parts into which it is cut; 0 for the whole of it.</param>
/// <param name="Shard">The part, from 0.</param>
internal readonly record struct IndexKey(int Generation, int Shards = 0, int Shard = 0)
{
    /// <summary>Whether it holds an item of its generation.</summary>
    public bool Holds(long number) => Shards <= 1 || ShardLayout.ShardOf(number, Shards) == Shard;
}
