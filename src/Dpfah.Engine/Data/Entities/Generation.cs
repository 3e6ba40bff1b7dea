namespace Dpfah.Engine.Data.Entities;

/// <summary>How far a generation has come.</summary>
internal enum GenerationState : short
{
    /// <summary>Answers searches.</summary>
    Active = 1,

    /// <summary>A job fills it; uploads are hashed into it as well.</summary>
    Filling = 2,

    /// <summary>Complete, and kept so by every upload; waits to be activated.</summary>
    Ready = 3,

    /// <summary>Answered once, or its filling was given up; uploads pass it by, so that it has to be filled up before it can answer.</summary>
    Retired = 4,

    /// <summary>Deleted; its codes are removed in small transactions, and itself with the last of them.</summary>
    Deleted = 5,
}

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

    public GenerationState State { get; set; } = GenerationState.Active;

    /// <summary>The job that fills it; null for the first generation of a collection.</summary>
    public long? JobId { get; set; }

    /// <summary>Whether it is activated by itself when it is complete and the gate holds.</summary>
    public bool AutoActivate { get; set; }

    /// <summary>How it compares with the generation that answers: a JSON object; null until it was compared.</summary>
    public string? Comparison { get; set; }

    public string? CreatedBy { get; set; }

    public DateTime CreatedAt { get; set; }

    /// <summary>XOR of the digest deltas of all log rows that were trimmed.</summary>
    public long TrimmedDigest { get; set; }

    /// <summary>Sum of the count deltas of all log rows that were trimmed.</summary>
    public long TrimmedCount { get; set; }
}
