namespace Dpfah.Learning.Encoders;

/// <summary>How encoders compute. None of this changes a bit of a code.</summary>
public sealed record EncoderOptions
{
    /// <summary>Threads that the network uses on the CPU, at least 1.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>How pictures are gathered into batches.</summary>
    public BatchingOptions Batching { get; init; } = new();
}
