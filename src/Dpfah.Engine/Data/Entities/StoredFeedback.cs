namespace Dpfah.Engine.Data.Entities;

/// <summary>What somebody said of a picture that a search found: right or wrong.</summary>
internal sealed class StoredFeedback
{
    public long Id { get; set; }

    public int CollectionId { get; set; }

    /// <summary>The generation whose search found it. Not a foreign key: its codes may be deleted since.</summary>
    public int GenerationId { get; set; }

    /// <summary>The query, where it is a picture of the collection.</summary>
    public long? QueryItem { get; set; }

    /// <summary>The query's code, where it is another picture; null otherwise.</summary>
    public byte[]? QueryCode { get; set; }

    /// <summary>Beside a code: the query's signature, empty when it was not told; null otherwise.</summary>
    public byte[]? QuerySignature { get; set; }

    /// <summary>The picture that was found.</summary>
    public long ItemNumber { get; set; }

    public bool IsRight { get; set; }

    /// <summary>Whether the pair was marked as no duplicates with it.</summary>
    public bool NotDuplicate { get; set; }

    public string? CreatedBy { get; set; }

    public DateTime CreatedAt { get; set; }
}
