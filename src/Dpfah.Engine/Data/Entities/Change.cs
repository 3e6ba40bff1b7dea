namespace Dpfah.Engine.Data.Entities;

/// <summary>What happened to an item, a collection or a generation.</summary>
internal enum ChangeKind : short
{
    /// <summary>An item came, got other bytes or other labels.</summary>
    Put = 1,

    /// <summary>An item was deleted.</summary>
    Delete = 2,

    /// <summary>A collection came, with its first generation.</summary>
    CollectionCreated = 3,

    /// <summary>A collection was deleted.</summary>
    CollectionDeleted = 4,

    /// <summary>A generation came into another state: complete, active, retired.</summary>
    GenerationChanged = 5,

    /// <summary>Codes of many items came into a generation that does not answer; the deltas are those of all of them together.</summary>
    GenerationFilled = 6,
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

    /// <summary>The item; 0 for a change of the collection or the generation itself.</summary>
    public long ItemNumber { get; set; }

    public ChangeKind Kind { get; set; }

    /// <summary>XOR of the item's digest before and after.</summary>
    public long DigestDelta { get; set; }

    /// <summary>Items added (1, or more at once) or removed (−1).</summary>
    public int CountDelta { get; set; }

    public DateTime CreatedAt { get; set; }
}
