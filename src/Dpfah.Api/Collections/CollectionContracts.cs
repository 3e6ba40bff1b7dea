using System.Text.Json.Serialization;

namespace Dpfah.Api.Collections;

/// <summary>A collection: pictures that are searched together.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Pictures">Pictures in the index.</param>
/// <param name="Generation">The generation of codes that answers.</param>
/// <param name="Beside">Generations beside it that are being filled, or ready to be activated.</param>
/// <param name="Index">The index in memory.</param>
/// <param name="Drift">Set when this process makes codes in another way than those that are stored were made.</param>
/// <param name="Health">How well the codes use their bits, as it was measured last. Left out in lists, after writes, and before the first measurement.</param>
/// <param name="Position">After a write: a position that covers it. Left out in reads.</param>
/// <param name="Shards">How it is spread over the nodes of a cluster. Left out when every node has all of it; index and health are left empty otherwise.</param>
public sealed record CollectionResponse(
    string Name,
    long Pictures,
    GenerationResponse Generation,
    IReadOnlyList<LiveGenerationResponse> Beside,
    IndexResponse Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DriftResponse? Drift,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CodeHealthResponse? Health,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Position,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ShardsResponse? Shards = null);

/// <summary>How a collection is to be made; all of it may be left out.</summary>
/// <param name="Model">Name of its model; null for the default model. GET /models lists them.</param>
/// <param name="Shards">Parts into which its codes are cut, 1 to 64, each on other nodes of the cluster. Left out, or 0: every node has all of them.</param>
/// <param name="Replicas">Copies of each part, 1 to 8; 1 when left out.</param>
public sealed record PutCollectionRequest(string? Model, int? Shards = null, int? Replicas = null);

/// <summary>How a collection is to be spread from now on.</summary>
/// <param name="Shards">Parts into which its codes are cut, 1 to 64; 0 for all of them on every node.</param>
/// <param name="Replicas">Copies of each part, 1 to 8; 1 when left out.</param>
public sealed record ReshardRequest(int? Shards, int? Replicas);

/// <summary>A collection that is being spread in another way; it answers meanwhile.</summary>
/// <param name="Collection">Its name.</param>
/// <param name="Shards">Parts into which its codes are cut; 0 for all of them on every node.</param>
/// <param name="Replicas">Copies of each part.</param>
/// <param name="Position">A position that covers the order.</param>
public sealed record ReshardResponse(string Collection, int Shards, int Replicas, string Position);

/// <summary>How a collection is spread over the nodes of a cluster, as this node searches it.</summary>
/// <param name="Count">Shards, each with a part of the pictures.</param>
/// <param name="Replicas">Copies of each shard.</param>
/// <param name="Items">The copies, by shard and replica.</param>
public sealed record ShardsResponse(int Count, int Replicas, IReadOnlyList<ShardResponse> Items);

/// <summary>A copy of a shard.</summary>
/// <param name="Shard">The shard, from 1.</param>
/// <param name="Replica">The copy, from 1.</param>
/// <param name="Node">Address of its node; null when none answers.</param>
/// <param name="Ready">Whether its codes are in memory.</param>
/// <param name="Pictures">Its pictures.</param>
/// <param name="MemoryBytes">Bytes of its codes and what goes with them.</param>
/// <param name="Position">All changes up to here are in it.</param>
public sealed record ShardResponse(int Shard, int Replica, string? Node, bool Ready, long Pictures, long MemoryBytes, string Position);

/// <summary>A generation with all that its codes depend on.</summary>
/// <param name="Id">Number of the generation.</param>
/// <param name="Model">Name of its model.</param>
/// <param name="Bits">Length of its codes.</param>
/// <param name="Decoder">The decoder that read the previews.</param>
/// <param name="Arithmetic">Encoder version, layout, precision, device class and CPU kernel class.</param>
public sealed record GenerationResponse(int Id, string Model, int Bits, string Decoder, string Arithmetic);

/// <summary>A generation beside the one that answers, into which uploads are hashed as well.</summary>
/// <param name="Generation">What its codes depend on.</param>
/// <param name="Ready">Whether it is complete.</param>
/// <param name="Job">The job that fills it, or filled it.</param>
public sealed record LiveGenerationResponse(GenerationResponse Generation, bool Ready, long? Job);

/// <summary>The index in memory.</summary>
/// <param name="MemoryBytes">Bytes of codes, signatures, numbers and what speeds a search up; without ids, labels and metadata.</param>
/// <param name="Segments">Parts that it consists of: new pictures go to a small one, which is merged into larger ones.</param>
/// <param name="Paths">How searches were answered since the start, one count for each query and segment.</param>
public sealed record IndexResponse(long MemoryBytes, int Segments, PathsResponse Paths);

/// <summary>How often each path answered.</summary>
/// <param name="Scans">By comparing the query with every code.</param>
/// <param name="Sliced">By comparing several queries with every code, 512 codes at a time.</param>
/// <param name="Tables">By looking parts of the code up in tables (multi-index hashing).</param>
/// <param name="Walks">By comparing the query with the few codes whose pictures pass the filter.</param>
public sealed record PathsResponse(long Scans, long Sliced, long Tables, long Walks);

/// <summary>A difference between what made the codes and what runs now.</summary>
/// <param name="Stored">What made the codes.</param>
/// <param name="Running">What this process runs.</param>
/// <param name="Pictures">Stored previews that were hashed again.</param>
/// <param name="FlippedBits">Bits that came out differently.</param>
/// <param name="ComparedBits">Bits that were compared.</param>
public sealed record DriftResponse(string Stored, string Running, int Pictures, long FlippedBits, long ComparedBits);

/// <summary>A page of collections.</summary>
/// <param name="Items">The collections, by name.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record CollectionList(IReadOnlyList<CollectionResponse> Items, string? NextCursor);
