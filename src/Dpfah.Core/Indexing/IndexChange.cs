using Dpfah.Core.Codes;

namespace Dpfah.Core.Indexing;

/// <summary>One change to an index: an item put or an item deleted.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
public readonly struct IndexChange<T>
{
    private IndexChange(IndexEntry<T> entry, bool isDelete)
    {
        Entry = entry;
        IsDelete = isDelete;
    }

    /// <summary>Item number.</summary>
    public long Id => Entry.Id;

    /// <summary>Whether the item goes; otherwise it comes, or replaces the one that has its id.</summary>
    public bool IsDelete { get; }

    internal IndexEntry<T> Entry { get; }

    /// <summary>Adds an item, or replaces the one that has its id.</summary>
    /// <param name="id">Item number.</param>
    /// <param name="code">Code of the index's length.</param>
    /// <param name="signature">Signature of the index's length.</param>
    /// <param name="item">What searches give back; must never change, since snapshots share it.</param>
    public static IndexChange<T> Put(long id, BinaryCode code, BinaryCode signature, T item) =>
        new(new IndexEntry<T>(id, code, signature, item), isDelete: false);

    /// <summary>Deletes an item; nothing happens when the index has none of that id.</summary>
    /// <param name="id">Item number.</param>
    public static IndexChange<T> Delete(long id) => new(new IndexEntry<T>(id, default, default, default!), isDelete: true);
}
