using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Pictures by number: arrays in memory, or files on disk.</summary>
public interface IPictureSource
{
    /// <summary>Number of pictures.</summary>
    int Count { get; }

    /// <summary>Name of a picture, unique in the source and without spaces at its ends, such as <c>train/00012</c> or a relative path.</summary>
    string NameOf(int index);

    /// <summary>Pixels of a picture, upright. Safe to call from many threads.</summary>
    /// <exception cref="InvalidDataException">The picture cannot be read; the message names the file.</exception>
    RgbImage Read(int index);
}
