using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>Labels from a .npy array: class numbers of shape (n), or label sets of shape (n, classes) with zeros and ones.</summary>
public sealed class NpyLabels
{
    private readonly NpyFile file;

    private NpyLabels(NpyFile file, int classes)
    {
        this.file = file;
        Classes = classes;
    }

    /// <summary>Number of items.</summary>
    public int Count => file.Shape[0];

    /// <summary>Classes of the label sets; of class numbers the least number of classes that has them all.</summary>
    public int Classes { get; }

    /// <summary>Whether the array holds class numbers and no label sets.</summary>
    public bool AreClassNumbers => file.Shape.Count == 1;

    /// <summary>Reads labels.</summary>
    /// <param name="stream">A .npy file from its start.</param>
    /// <exception cref="InvalidDataException">Damaged, or no labels; the message says what to do.</exception>
    public static NpyLabels Read(Stream stream)
    {
        NpyFile file = NpyFile.Read(stream);
        if (file.Shape[0] == 0)
        {
            throw new InvalidDataException("There are no labels in it.");
        }

        int classes = file.Shape.Count == 1 ? CountClasses(file) : file.Shape[1];
        if (classes is < 1 or > LabelMatrix.MaxClasses)
        {
            throw new InvalidDataException($"There are {classes} classes; 1 to {LabelMatrix.MaxClasses} are possible.");
        }

        if (file.Shape.Count == 2)
        {
            RequireBits(file);
        }

        return new NpyLabels(file, classes);
    }

    /// <summary>Packs the labels of both sides over the same classes.</summary>
    /// <param name="queries">The queries' labels.</param>
    /// <param name="database">The database's labels, class numbers when the queries' are.</param>
    /// <exception cref="InvalidDataException">The sides are of different kinds, or their label sets over different classes.</exception>
    public static (LabelMatrix Queries, LabelMatrix Database) Pack(NpyLabels queries, NpyLabels database)
    {
        if (queries.AreClassNumbers != database.AreClassNumbers)
        {
            throw new InvalidDataException("One side has class numbers of shape (n), the other label sets of shape (n, classes); save both alike.");
        }

        if (!queries.AreClassNumbers && queries.Classes != database.Classes)
        {
            throw new InvalidDataException($"The queries have label sets over {queries.Classes} classes, the database over {database.Classes}; save both alike.");
        }

        // Of class numbers one side may miss the highest.
        int classes = Math.Max(queries.Classes, database.Classes);
        return (queries.Pack(classes), database.Pack(classes));
    }

    private static int CountClasses(NpyFile file)
    {
        double highest = 0;
        for (int i = 0; i < file.Shape[0]; i++)
        {
            double value = file.Value(i);
            if (!(value >= 0 && value < LabelMatrix.MaxClasses && value == Math.Floor(value)))
            {
                throw new InvalidDataException($"Label {i} is {value}; a class is a whole number from 0 to {LabelMatrix.MaxClasses - 1}.");
            }

            highest = Math.Max(highest, value);
        }

        return (int)highest + 1;
    }

    private static void RequireBits(NpyFile file)
    {
        for (int i = 0; i < file.Shape[0] * file.Shape[1]; i++)
        {
            if (file.Value(i) is not (0 or 1))
            {
                throw new InvalidDataException(
                    $"Item {i / file.Shape[1]} has the value {file.Value(i)} for class {i % file.Shape[1]}; label sets hold zeros and ones, and class numbers have the shape (n).");
            }
        }
    }

    private LabelMatrix Pack(int classes)
    {
        LabelMatrix labels;
        try
        {
            labels = new LabelMatrix(classes, Count);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new InvalidDataException($"{Count} items with {classes} classes are too many; number the classes from 0 without holes.", error);
        }

        for (int i = 0; i < Count; i++)
        {
            if (AreClassNumbers)
            {
                labels.Add(i, (int)file.Value(i));
                continue;
            }

            for (int label = 0; label < classes; label++)
            {
                if (file.Value((i * classes) + label) == 1)
                {
                    labels.Add(i, label);
                }
            }
        }

        return labels;
    }
}
