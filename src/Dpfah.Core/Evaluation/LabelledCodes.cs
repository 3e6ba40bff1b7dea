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

    /// <summary>Some of the items, in the order in which they are named.</summary>
    /// <exception cref="ArgumentException">No such item.</exception>
    internal LabelledCodes Select(IReadOnlyList<int> items)
    {
        var codes = new CodeMatrix(Codes.Bits, items.Count);
        CodeMatrix? signatures = Signatures is null ? null : new CodeMatrix(Signatures.Bits, items.Count);
        var labels = new LabelMatrix(Labels.Classes, items.Count);
        for (int i = 0; i < items.Count; i++)
        {
            codes.SetWords(i, Codes.Row(items[i]));
            signatures?.SetWords(i, Signatures!.Row(items[i]));
            labels.SetWords(i, Labels.Row(items[i]));
        }

        return new LabelledCodes(codes, labels, signatures);
    }
}
