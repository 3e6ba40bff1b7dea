using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Engine.Search;

/// <summary>A generation of a collection: what the log says of it.</summary>
/// <param name="Id">Number of the generation.</param>
/// <param name="ModelId">Number of its model.</param>
/// <param name="ModelName">Name of its model.</param>
/// <param name="Bits">Length of its codes.</param>
/// <param name="Decoder">The decoder that read the previews.</param>
/// <param name="Arithmetic">The arithmetic that made the codes.</param>
public sealed record GenerationInfo(int Id, int ModelId, string ModelName, int Bits, string Decoder, string Arithmetic);

/// <summary>A generation beside the one that answers, into which uploads are hashed as well.</summary>
/// <param name="Generation">What it is.</param>
/// <param name="IsReady">Whether it is complete.</param>
/// <param name="JobId">The job that fills it, or filled it.</param>
public sealed record LiveGeneration(GenerationInfo Generation, bool IsReady, long? JobId);

/// <summary>One generation of one collection: the active one, or one that stands by. In memory, or spread over shards.</summary>
public sealed class CollectionIndex
{
    private readonly HammingIndex<IndexedItem> index;
    private readonly PropertyPool properties;
    private long digest;

    /// <summary>An empty index.</summary>
    internal CollectionIndex(int collectionId, string name, GenerationInfo generation)
        : this(collectionId, name, generation, new HammingIndex<IndexedItem>(generation.Bits, ImageCode.SignatureBits), new PropertyPool(), 0)
    {
    }

    /// <summary>A generation whose codes are in shards.</summary>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="name">Its name.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="layout">How it is spread.</param>
    /// <param name="since">All changes below this position have to be seen by a shard that answers: it knows by then that this generation does.</param>
    internal CollectionIndex(int collectionId, string name, GenerationInfo generation, ShardLayout layout, ulong since)
        : this(collectionId, name, generation) => (Layout, Since) = (layout, since);

    /// <summary>An index that was loaded.</summary>
    internal CollectionIndex(
        int collectionId, string name, GenerationInfo generation, HammingIndex<IndexedItem> index, PropertyPool properties, long digest)
    {
        CollectionId = collectionId;
        Name = name;
        Generation = generation;
        this.index = index;
        this.properties = properties;
        this.digest = digest;
    }

    /// <summary>Number of the collection.</summary>
    public int CollectionId { get; }

    /// <summary>Name of the collection.</summary>
    public string Name { get; }

    /// <summary>The generation whose codes these are.</summary>
    public GenerationInfo Generation { get; }

    /// <summary>How the codes are spread over shards; null when they are all here.</summary>
    public ShardLayout? Layout { get; }

    /// <summary>A position of which a shard that answers must have seen all; 0 when the codes are here.</summary>
    internal ulong Since { get; }

    /// <summary>The codes as they are now; readers keep it for the length of an answer.</summary>
    /// <exception cref="ShardedCollectionException">They are in shards.</exception>
    public IndexSnapshot<IndexedItem> Snapshot => Layout is null ? index.Snapshot : throw new ShardedCollectionException(Name);

    /// <summary>Throws when the codes are not all here.</summary>
    /// <exception cref="ShardedCollectionException">They are in shards.</exception>
    public void ThrowIfSharded()
    {
        if (Layout is not null)
        {
            throw new ShardedCollectionException(Name);
        }
    }

    /// <summary>XOR of the digests of all items.</summary>
    public long Digest => Volatile.Read(ref digest);

    /// <summary>What running the generation's model here differs in from what made its codes; null when nothing does.</summary>
    public IdentityDrift? Drift { get; internal set; }

    /// <summary>Whether that was looked at since this index answers.</summary>
    internal bool IsIdentityChecked { get; set; }

    /// <summary>Applies what was read from the database. One caller at a time.</summary>
    internal void Apply(IReadOnlyList<ItemState> states)
    {
        IndexSnapshot<IndexedItem> before = index.Snapshot;
        long delta = 0;
        var changes = new List<IndexChange<IndexedItem>>(states.Count);
        foreach (ItemState state in states)
        {
            if (before.TryGet(state.Number, out IndexEntry<IndexedItem> old))
            {
                delta ^= ItemDigest.Of(state.Number, old.Code, old.Signature, old.Item.Labels);
            }

            if (state.Found)
            {
                var item = new IndexedItem(state.PublicId, properties.Get(state.Labels, state.Metadata));
                delta ^= ItemDigest.Of(state.Number, state.Code, state.Signature, item.Labels);
                changes.Add(IndexChange<IndexedItem>.Put(state.Number, state.Code, state.Signature, item));
            }
            else
            {
                changes.Add(IndexChange<IndexedItem>.Delete(state.Number));
            }
        }

        index.Apply(changes);
        Volatile.Write(ref digest, digest ^ delta);
    }
}

/// <summary>A difference between what made a generation's codes and what runs now, with the bits that flip.</summary>
/// <param name="Stored">Decoder and arithmetic that made the codes.</param>
/// <param name="Running">Decoder and arithmetic of this process.</param>
/// <param name="Pictures">Stored previews that were hashed again.</param>
/// <param name="FlippedBits">Bits that came out differently.</param>
/// <param name="ComparedBits">Bits that were compared.</param>
public sealed record IdentityDrift(string Stored, string Running, int Pictures, long FlippedBits, long ComparedBits);
