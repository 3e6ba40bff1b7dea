namespace Dpfah.Engine.Data.Entities;

/// <summary>A picture of a collection, without its preview and codes.</summary>
internal sealed class Item
{
    /// <summary>Item number: the third sort key of every ranking, given by the database, never used again.</summary>
    public long Number { get; set; }

    public int CollectionId { get; set; }

    /// <summary>Public id, unique in the collection, compared as bytes.</summary>
    public required string PublicId { get; set; }

    public required string[] Labels { get; set; }

    /// <summary>A JSON object as text; null when there is none.</summary>
    public string? Metadata { get; set; }

    /// <summary>SHA-256 of the bytes as uploaded.</summary>
    public required byte[] ContentDigest { get; set; }

    /// <summary>Counts changes from 1; the entity tag.</summary>
    public long Version { get; set; }

    public DateTime CreatedAt { get; set; }

    public DateTime UpdatedAt { get; set; }
}
