namespace Dpfah.Engine.Data.Entities;

/// <summary>A file in the database, in chunks: an upload that waits for its job, the checkpoint of a training.</summary>
internal sealed class StoredBlob
{
    public long Id { get; set; }

    /// <summary>The job with which it is deleted; null until there is one.</summary>
    public long? JobId { get; set; }

    public required string Name { get; set; }

    /// <summary>Bytes.</summary>
    public long Length { get; set; }

    /// <summary>SHA-256 of all bytes; null until it is complete.</summary>
    public byte[]? Sha256 { get; set; }

    public DateTime CreatedAt { get; set; }
}

/// <summary>A piece of a blob; all but the last have the same length.</summary>
internal sealed class StoredBlobChunk
{
    public long BlobId { get; set; }

    /// <summary>From 0.</summary>
    public int Number { get; set; }

    public required byte[] Bytes { get; set; }
}
