using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>One side of an evaluation, the queries or the database: codes and labels of the same items in the same order.</summary>
public sealed class LabelledCodes
{
    /// <summary>Joins codes and labels.</summary>
    /// <param name="codes">The codes, by which items are ranked.</param>
    /// <param name="labels">The labels, which say what is relevant; as many rows as codes.</param>
    /// <param name="signatures">Longer codes that order equal distances; as many rows as codes, or null.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ.</exception>
    public LabelledCodes(CodeMatrix codes, LabelMatrix labels, CodeMatrix? signatures = null)
    {
        if (labels.Count != codes.Count)
        {
            throw new ArgumentException($"There are {codes.Count} codes and labels of {labels.Count} items.", nameof(labels));
        }

        if (signatures is not null && signatures.Count != codes.Count)
        {
            throw new ArgumentException($"There are {codes.Count} codes and {signatures.Count} signatures.", nameof(signatures));
        }

        Codes = codes;
        Labels = labels;
        Signatures = signatures;
    }

    /// <summary>The codes.</summary>
    public CodeMatrix Codes { get; }

    /// <summary>The labels.</summary>
    public LabelMatrix Labels { get; }

    /// <summary>The signatures, or null.</summary>
    public CodeMatrix? Signatures { get; }

    /// <summary>Number of items.</summary>
    public int Count => Codes.Count;
}
