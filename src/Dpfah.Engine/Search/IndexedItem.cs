using System.Buffers.Binary;
using System.Text;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Engine.Search;

/// <summary>What the index keeps of an item beside its codes.</summary>
/// <remarks>
/// There may be tens of millions of them, so it is a value, and the public id of an item that was loaded in bulk lies as UTF-8
/// in a page that it shares with others (<see cref="PublicIdPages"/>). Two values are equal when they are of the same item of one snapshot.
/// </remarks>
public readonly record struct IndexedItem : IFilterable
{
    // The text, or the page that has it.
    private readonly object publicId;
    private readonly int place;

    /// <summary>An item with an id of its own.</summary>
    /// <param name="publicId">Public id in the collection.</param>
    /// <param name="properties">Labels and metadata.</param>
    internal IndexedItem(string publicId, ItemProperties properties)
    {
        this.publicId = publicId;
        Properties = properties;
    }

    /// <summary>An item with its id in a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="place">Where the id's length stands in it, as two bytes; the id follows.</param>
    /// <param name="properties">Labels and metadata.</param>
    internal IndexedItem(byte[] page, int place, ItemProperties properties)
    {
        publicId = page;
        this.place = place;
        Properties = properties;
    }

    /// <summary>Public id in the collection.</summary>
    public string PublicId => publicId is byte[] page
        ? Encoding.UTF8.GetString(page, place + sizeof(ushort), BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(place)))
        : (string)publicId;

    /// <summary>Labels and metadata.</summary>
    public ItemProperties Properties { get; }

    /// <summary>Labels, in the order in which they were given.</summary>
    public IReadOnlyList<string> Labels => Properties.Labels;

    /// <inheritdoc/>
    public ReadOnlySpan<ItemField> Fields => Properties.Fields;
}
