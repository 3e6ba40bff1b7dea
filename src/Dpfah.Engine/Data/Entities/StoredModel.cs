namespace Dpfah.Engine.Data.Entities;

/// <summary>A model: its head file, and the backbone that it may share with others.</summary>
internal sealed class StoredModel
{
    public int Id { get; set; }

    public required string Name { get; set; }

    /// <summary>Digest of the head's tensors.</summary>
    public required string Digest { get; set; }

    public required string BackboneDigest { get; set; }

    /// <summary>The head as a safetensors file.</summary>
    public required byte[] Head { get; set; }

    /// <summary>The model whose weights it started from; null for none.</summary>
    public int? ParentId { get; set; }

    /// <summary>The job that made it; null for a model that was brought along.</summary>
    public long? JobId { get; set; }

    /// <summary>Where it comes from (data, code version, parameters): a JSON object; null when that is not known.</summary>
    public string? Lineage { get; set; }

    public DateTime CreatedAt { get; set; }
}

/// <summary>A backbone as a safetensors file, by digest.</summary>
internal sealed class StoredBackbone
{
    public required string Digest { get; set; }

    public required byte[] File { get; set; }
}
