using Dpfah.Core.Indexing;

namespace Dpfah.Engine.Search.Shards;

/// <summary>Searches shards, on whatever nodes they are, and sees to it that they are there.</summary>
internal interface IShardSearch
{
    /// <summary>Says which generations are to be searched in shards, or may soon be. Does not wait.</summary>
    /// <param name="wanted">All of them.</param>
    void Keep(IReadOnlyCollection<ShardedGeneration> wanted);

    /// <summary>Whether every replica of every shard was in memory when it was asked last.</summary>
    bool IsLoaded(ShardedGeneration generation);

    /// <summary>Called when a generation came to be in memory.</summary>
    event Action? Loaded;

    /// <summary>What is known of the shards of a generation; asks for it when <paramref name="now"/> is set.</summary>
    Task<IReadOnlyList<ShardState>> StatesAsync(ShardedGeneration generation, bool now, CancellationToken cancellationToken);

    /// <summary>Asks one replica of each shard.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="queries">Queries to all shards.</param>
    /// <param name="field">A field whose values are wanted of each neighbor; null for none.</param>
    /// <param name="position">A shard answers when it has seen all up to here.</param>
    /// <param name="mayWait">Whether the caller has asked for that position, and waits for it as long as for any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ShardAnswers> SearchAsync(
        ShardedGeneration generation, IReadOnlyList<IndexQuery<IndexedItem>> queries, string? field, ulong position, bool mayWait, CancellationToken cancellationToken);
}

/// <summary>A generation that is spread over nodes.</summary>
/// <param name="Generation">Number of the generation.</param>
/// <param name="Layout">How it is spread.</param>
internal readonly record struct ShardedGeneration(int Generation, ShardLayout Layout);

/// <summary>What shards answered.</summary>
/// <param name="Answers">For each shard the answer to each query; null for a shard that did not answer.</param>
/// <param name="Position">Every shard that answered had seen all changes up to here.</param>
/// <param name="Switched">Another generation answers by now, as of <paramref name="Position"/>; there are no answers then.</param>
/// <param name="Behind">There is a shard of which no replica has come to the position that was asked for.</param>
internal sealed record ShardAnswers(IReadOnlyList<IndexAnswer<IndexedItem>[]?> Answers, ulong Position, bool Switched, bool Behind);

/// <summary>A replica of a shard.</summary>
/// <param name="Shard">The shard, from 0.</param>
/// <param name="Replica">The replica, from 0.</param>
/// <param name="Node">Address of the node that has it; null when none answers.</param>
/// <param name="IsLoaded">Whether its codes are in memory.</param>
/// <param name="Pictures">Its codes.</param>
/// <param name="MemoryBytes">What they take.</param>
/// <param name="Digest">XOR of the digests of its items.</param>
/// <param name="Position">All changes up to here are in it.</param>
public sealed record ShardState(int Shard, int Replica, string? Node, bool IsLoaded, long Pictures, long MemoryBytes, long Digest, ulong Position);
