namespace Dpfah.Engine.Exports;

/// <summary>What is exported of a collection.</summary>
public enum ExportFormat
{
    /// <summary>Ids, labels, metadata, codes and signatures, a JSON object a line.</summary>
    Ndjson,

    /// <summary>The codes as a NumPy matrix of bits, in the order of the other formats.</summary>
    Npy,

    /// <summary>A tar of the previews with a manifest, which imports back to the same codes.</summary>
    Archive,
}
