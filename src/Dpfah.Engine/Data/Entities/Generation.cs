namespace Dpfah.Engine.Data.Entities;

/// <summary>All codes of one collection under one model.</summary>
internal sealed class Generation
{
    public int Id { get; set; }

    public int CollectionId { get; set; }

    public int ModelId { get; set; }

    /// <summary>The decoder that read the previews, part of the codes' identity.</summary>
    public required string Decoder { get; set; }

    /// <summary>The arithmetic that made the codes, part of their identity.</summary>
    public required string Arithmetic { get; set; }

    /// <summary>Whether searches are answered by this generation; one a collection.</summary>
    public bool IsActive { get; set; }

    public DateTime CreatedAt { get; set; }

    /// <summary>XOR of the digest deltas of all log rows that were trimmed.</summary>
    public long TrimmedDigest { get; set; }

    /// <summary>Sum of the count deltas of all log rows that were trimmed.</summary>
    public long TrimmedCount { get; set; }
}
