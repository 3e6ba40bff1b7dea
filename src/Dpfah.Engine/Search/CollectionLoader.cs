using System.Runtime.InteropServices;
using System.Text;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Data;

namespace Dpfah.Engine.Search;

/// <summary>Builds the index of a collection from all rows of its active generation, in one pass.</summary>
internal sealed class CollectionLoader
{
    // What the log says of the number of items may be wrong, and is found to be after loading; memory is not taken on its word alone.
    private const int MostCapacity = 1 << 24;

    private readonly int collectionId;
    private readonly string name;
    private readonly GenerationInfo generation;
    private readonly IndexLoader<IndexedItem> index;
    private readonly PublicIdPages publicIds = new();
    private readonly PropertyPool pool = new();
    private readonly StoredLabels labels;

    // Of the row at hand; bits beyond the length stay zero.
    private readonly ulong[] code;
    private readonly ulong[] signature;
    private long digest;

    /// <summary>Begins an index.</summary>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="name">Its name.</param>
    /// <param name="generation">Its active generation.</param>
    /// <param name="expected">Items to come, as far as that is known.</param>
    /// <param name="reader">Where the rows come from.</param>
    public CollectionLoader(int collectionId, string name, GenerationInfo generation, long expected, BulkReader reader)
    {
        this.collectionId = collectionId;
        this.name = name;
        this.generation = generation;
        index = new IndexLoader<IndexedItem>(generation.Bits, ImageCode.SignatureBits, (int)Math.Clamp(expected, 0, MostCapacity));
        labels = new StoredLabels(reader.ParseLabels, pool);
        code = new ulong[BinaryCode.WordsFor(generation.Bits)];
        signature = new ulong[BinaryCode.WordsFor(ImageCode.SignatureBits)];
    }

    /// <summary>Adds an item.</summary>
    /// <exception cref="InvalidDataException">Its code or signature has another length than the generation's.</exception>
    public void Add(in ItemRow row)
    {
        Copy(row.Code, generation.Bits, code, row.Number, "code");
        Copy(row.Signature, ImageCode.SignatureBits, signature, row.Number, "signature");
        StoredLabels.Entry stored = labels.Find(row.Labels);
        (byte[] page, int place) = publicIds.Add(row.PublicId);
        digest ^= ItemDigest.Of(row.Number, code, signature, stored.Digested);
        ItemProperties properties = row.Metadata.IsEmpty ? stored.Properties : pool.WithMetadata(stored.Properties, Encoding.UTF8.GetString(row.Metadata));
        index.Add(row.Number, code, signature, new IndexedItem(page, place, properties));
    }

    /// <summary>The index; the loader is spent.</summary>
    public CollectionIndex Build() => new(collectionId, name, generation, index.Build(), pool, digest);

    private void Copy(ReadOnlySpan<byte> bytes, int bits, ulong[] words, long number, string what)
    {
        if (8L * bytes.Length != bits)
        {
            throw new InvalidDataException(
                $"The {what} of item {number} of collection '{name}' has {8L * bytes.Length} bits; generation {generation.Id} has {what}s of {bits}.");
        }

        bytes.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
    }
}
