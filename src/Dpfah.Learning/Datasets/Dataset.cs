namespace Dpfah.Learning.Datasets;

/// <summary>A data set before it is split: pictures and their classes.</summary>
public sealed class Dataset
{
    private readonly IReadOnlyList<int[]> labels;

    /// <summary>Puts a data set together.</summary>
    /// <param name="name">Name in reports and on the command line, such as <c>fashion-mnist</c>.</param>
    /// <param name="classNames">Names of the classes, by number.</param>
    /// <param name="multiLabel">Whether a picture may have several classes.</param>
    /// <param name="pictures">The pictures.</param>
    /// <param name="labels">Classes of each picture, ascending; exactly one each unless multi-label.</param>
    /// <exception cref="ArgumentException">Another number of labels than pictures, or a label that is no class.</exception>
    public Dataset(
        string name, IReadOnlyList<string> classNames, bool multiLabel, IPictureSource pictures, IReadOnlyList<int[]> labels)
    {
        if (labels.Count != pictures.Count)
        {
            throw new ArgumentException($"{pictures.Count} pictures, but labels of {labels.Count}.", nameof(labels));
        }

        for (int i = 0; i < labels.Count; i++)
        {
            if ((!multiLabel && labels[i].Length != 1) || labels[i].Any(c => c < 0 || c >= classNames.Count))
            {
                throw new ArgumentException(
                    $"Picture {i} has the classes [{string.Join(", ", labels[i])}]; {(multiLabel ? "each is" : "it has one,")} from 0 to {classNames.Count - 1}.",
                    nameof(labels));
            }
        }

        Name = name;
        ClassNames = classNames;
        MultiLabel = multiLabel;
        Pictures = pictures;
        this.labels = labels;
    }

    /// <summary>Name in reports and on the command line.</summary>
    public string Name { get; }

    /// <summary>Names of the classes, by number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Whether a picture may have several classes; relevance is then any shared one.</summary>
    public bool MultiLabel { get; }

    /// <summary>The pictures, in database order.</summary>
    public IPictureSource Pictures { get; }

    /// <summary>Number of pictures.</summary>
    public int Count => labels.Count;

    /// <summary>Classes of a picture, ascending.</summary>
    public IReadOnlyList<int> LabelsOf(int index) => labels[index];

    /// <summary>A data set of some of the pictures, numbered anew; the others cannot be reached through it.</summary>
    /// <param name="indices">Numbers in this data set, in the order wanted.</param>
    internal Dataset Restrict(IReadOnlyList<int> indices) =>
        new(Name, ClassNames, MultiLabel, new PictureSubset(Pictures, [.. indices]), [.. indices.Select(i => labels[i])]);
}
