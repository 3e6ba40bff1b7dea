namespace Dpfah.Engine.Data.Entities;

/// <summary>A measurement of a model.</summary>
internal sealed class Evaluation
{
    public int Id { get; set; }

    public int ModelId { get; set; }

    public long? JobId { get; set; }

    /// <summary>What it was measured on, in words.</summary>
    public required string Target { get; set; }

    /// <summary>Metrics: a JSON object.</summary>
    public required string Result { get; set; }

    public DateTime CreatedAt { get; set; }
}

/// <summary>A figure of a model: a picture, or the numbers that it shows.</summary>
internal sealed class StoredFigure
{
    public int ModelId { get; set; }

    /// <summary>Name with extension, such as <c>pr.svg</c>.</summary>
    public required string Name { get; set; }

    public required string ContentType { get; set; }

    public required byte[] Bytes { get; set; }
}
