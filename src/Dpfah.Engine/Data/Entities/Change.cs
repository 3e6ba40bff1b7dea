namespace Dpfah.Engine.Data.Entities;

/// <summary>What happened to an item or a collection.</summary>
internal enum ChangeKind : short
{
    /// <summary>An item came, got other bytes or other labels.</summary>
    Put = 1,

    /// <summary>An item was deleted.</summary>
    Delete = 2,

    /// <summary>A collection or a generation came.</summary>
    CollectionCreated = 3,

    /// <summary>A collection was deleted.</summary>
    CollectionDeleted = 4,
}

/// <summary>
/// One row of the change log, written in the transaction that made the change. It carries no payload: whoever follows
/// the log reads the item anew, so applying a row twice, or late, does no harm.
/// </summary>
internal sealed class Change
{
    public long Seq { get; set; }

    /// <summary>The writing transaction on PostgreSQL, given by the database; not mapped on SQLite.</summary>
    public ulong Xid { get; set; }

    public int CollectionId { get; set; }

    public int GenerationId { get; set; }

    /// <summary>The item; 0 for a change of the collection itself.</summary>
    public long ItemNumber { get; set; }

    public ChangeKind Kind { get; set; }

    /// <summary>XOR of the item's digest before and after.</summary>
    public long DigestDelta { get; set; }

    /// <summary>Items added (1) or removed (−1).</summary>
    public int CountDelta { get; set; }

    public DateTime CreatedAt { get; set; }
}
