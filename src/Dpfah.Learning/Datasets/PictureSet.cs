using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Some pictures of a data set, numbered from 0 in database order: a part of its split.</summary>
public sealed class PictureSet
{
    private readonly int[] indices;

    /// <summary>Takes some pictures of a data set.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="indices">Numbers in it, in the order of this set.</param>
    public PictureSet(Dataset dataset, IReadOnlyList<int> indices)
    {
        Dataset = dataset;
        this.indices = [.. indices];
    }

    /// <summary>Where the pictures come from.</summary>
    public Dataset Dataset { get; }

    /// <summary>Number of pictures.</summary>
    public int Count => indices.Length;

    /// <summary>Names of all classes of the data set, by number.</summary>
    public IReadOnlyList<string> ClassNames => Dataset.ClassNames;

    /// <summary>Number of a picture in the data set.</summary>
    public int IndexOf(int position) => indices[position];

    /// <summary>Name of a picture.</summary>
    public string NameOf(int position) => Dataset.Pictures.NameOf(indices[position]);

    /// <summary>Classes of a picture, ascending.</summary>
    public IReadOnlyList<int> LabelsOf(int position) => Dataset.LabelsOf(indices[position]);

    /// <summary>Pixels of a picture. Safe to call from many threads.</summary>
    /// <exception cref="InvalidDataException">The picture cannot be read; the message names the file.</exception>
    public RgbImage Read(int position) => Dataset.Pictures.Read(indices[position]);

    /// <summary>Some pictures of this set.</summary>
    /// <param name="positions">Positions in this set, in the order wanted.</param>
    public PictureSet Subset(IEnumerable<int> positions) => new(Dataset, [.. positions.Select(p => indices[p])]);
}
