namespace Dpfah.Core.Evaluation;

/// <summary>The labels of many items as bits: bit c of row i is set when item i has class c.</summary>
/// <remarks>Row-major words of 64 bits, lowest bit first. Safe to read from many threads while nobody writes.</remarks>
public sealed class LabelMatrix
{
    /// <summary>The most classes.</summary>
    public const int MaxClasses = 65_536;

    // A gigabyte.
    private const int MaxWords = 1 << 27;

    private readonly ulong[] words;

    /// <summary>Makes room for items that have no label yet.</summary>
    /// <param name="classes">Number of classes, 1 to <see cref="MaxClasses"/>.</param>
    /// <param name="count">Number of items, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such number of classes or items, or more bits than an array holds.</exception>
    public LabelMatrix(int classes, int count)
    {
        if (classes is < 1 or > MaxClasses)
        {
            throw new ArgumentOutOfRangeException(nameof(classes), classes, $"There are 1 to {MaxClasses:N0} classes.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Classes = classes;
        Count = count;
        WordsPerItem = (classes + 63) / 64;
        if ((long)count * WordsPerItem > MaxWords)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"{count:N0} items with {classes:N0} classes are more than {MaxWords:N0} words of 64 bits.");
        }

        words = new ulong[count * WordsPerItem];
    }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>Number of items.</summary>
    public int Count { get; }

    /// <summary>Words of 64 bits in a row.</summary>
    public int WordsPerItem { get; }

    /// <summary>All rows, one after the other.</summary>
    public ReadOnlySpan<ulong> Words => words;

    /// <summary>Packs label sets.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="labels">The classes of each item, each from 0 to <paramref name="classes"/> − 1; an item may have none.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such class.</exception>
    public static LabelMatrix From(int classes, IReadOnlyList<IReadOnlyList<int>> labels)
    {
        var matrix = new LabelMatrix(classes, labels.Count);
        for (int i = 0; i < labels.Count; i++)
        {
            foreach (int label in labels[i])
            {
                matrix.Add(i, label);
            }
        }

        return matrix;
    }

    /// <summary>The words of item i.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such item.</exception>
    public ReadOnlySpan<ulong> Row(int index)
    {
        ThrowIfNoItem(index);
        return words.AsSpan(index * WordsPerItem, WordsPerItem);
    }

    /// <summary>Gives an item a class; again is no error.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such item or class.</exception>
    public void Add(int index, int label)
    {
        ThrowIfNoItem(index);
        ThrowIfNoClass(label);
        words[(index * WordsPerItem) + (label >> 6)] |= 1UL << (label & 63);
    }

    /// <summary>Whether an item has a class.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such item or class.</exception>
    public bool Has(int index, int label)
    {
        ThrowIfNoItem(index);
        ThrowIfNoClass(label);
        return (words[(index * WordsPerItem) + (label >> 6)] >> (label & 63) & 1) != 0;
    }

    /// <summary>Whether an item shares a label with an item of another matrix: s of Eq. (1) of the paper.</summary>
    /// <param name="index">Item of this matrix.</param>
    /// <param name="other">Labels over the same classes.</param>
    /// <param name="otherIndex">Item of the other matrix.</param>
    /// <exception cref="ArgumentException">No such item, or the matrices differ in the number of classes.</exception>
    public bool Share(int index, LabelMatrix other, int otherIndex)
    {
        if (other.Classes != Classes)
        {
            throw new ArgumentException($"Labels over {other.Classes} classes cannot be compared with labels over {Classes}.", nameof(other));
        }

        return Intersect(Row(index), other.Row(otherIndex));
    }

    /// <summary>Replaces the labels of item i by a row over the same classes.</summary>
    internal void SetWords(int index, ReadOnlySpan<ulong> row) => row.CopyTo(words.AsSpan(index * WordsPerItem, WordsPerItem));

    /// <summary>Whether two rows of equally many words have a common bit.</summary>
    internal static bool Intersect(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right)
    {
        ulong common = 0;
        for (int i = 0; i < left.Length; i++)
        {
            common |= left[i] & right[i];
        }

        return common != 0;
    }

    private void ThrowIfNoItem(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
    }

    private void ThrowIfNoClass(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes);
    }
}
