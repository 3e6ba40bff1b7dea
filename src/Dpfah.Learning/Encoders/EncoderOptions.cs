using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Encoders;

/// <summary>How encoders compute. Of this only the precision changes bits of codes.</summary>
public sealed record EncoderOptions
{
    /// <summary>Threads that the network uses on the CPU, at least 1.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>In which numbers the network computes; part of the identity of codes.</summary>
    public NetworkPrecision Precision { get; init; }

    /// <summary>How pictures are gathered into batches.</summary>
    public BatchingOptions Batching { get; init; } = new();
}
