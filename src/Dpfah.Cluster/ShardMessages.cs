namespace Dpfah.Cluster;

/// <summary>Queries to a shard.</summary>
/// <param name="Queries">The queries as bytes.</param>
/// <param name="Field">A field whose values are wanted of each neighbor; null for none.</param>
/// <param name="Position">The shard answers when it has seen all changes up to here.</param>
/// <param name="Others">Other shards of the node that are to answer too, from 0; null for none.</param>
[GenerateSerializer, Immutable, Alias("dpfah.shard-request")]
public sealed record ShardRequest(
    [property: Id(0)] byte[] Queries, [property: Id(1)] string? Field, [property: Id(2)] ulong Position, [property: Id(3)] int[]? Others = null);

/// <summary>What became of queries to a shard.</summary>
public enum ShardOutcome
{
    /// <summary>Answered.</summary>
    Answered = 0,

    /// <summary>Its codes are being loaded.</summary>
    Loading = 1,

    /// <summary>It has not come to the position in time.</summary>
    Behind = 2,

    /// <summary>As far as its node has followed the log, another generation answers.</summary>
    Switched = 3,
}

/// <summary>What a shard answered.</summary>
/// <param name="Outcome">What became of the queries.</param>
/// <param name="Answers">The answers as bytes; null when there are none.</param>
/// <param name="Position">The shard has seen all changes up to here.</param>
/// <param name="Others">Replies of the other shards that were asked with it, in their order; null when there were none, or when the node's build knows of none.</param>
[GenerateSerializer, Immutable, Alias("dpfah.shard-reply")]
public sealed record ShardReply(
    [property: Id(0)] ShardOutcome Outcome, [property: Id(1)] byte[]? Answers, [property: Id(2)] ulong Position, [property: Id(3)] ShardReply[]? Others = null);

/// <summary>A replica of a shard, as it says itself.</summary>
/// <param name="Node">Address of its node.</param>
/// <param name="IsLoaded">Whether its codes are in memory.</param>
/// <param name="Pictures">Its codes.</param>
/// <param name="MemoryBytes">What they take.</param>
/// <param name="Digest">XOR of the digests of its items.</param>
/// <param name="Position">All changes up to here are in it.</param>
[GenerateSerializer, Immutable, Alias("dpfah.shard-report")]
public sealed record ShardReport(
    [property: Id(0)] string Node,
    [property: Id(1)] bool IsLoaded,
    [property: Id(2)] long Pictures,
    [property: Id(3)] long MemoryBytes,
    [property: Id(4)] long Digest,
    [property: Id(5)] ulong Position);
