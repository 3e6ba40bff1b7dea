using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Pictures that stay in their files until they are read. A picture's name is its path in the folder, with slashes.</summary>
internal sealed class PictureFiles(string folder, IReadOnlyList<string> names) : IPictureSource
{
    private readonly IImageDecoder decoder = ImageDecoders.Create(ImageDecoders.Skia);

    public int Count => names.Count;

    public string NameOf(int index) => names[index];

    public RgbImage Read(int index) => PictureFile.Read(Path.Combine(folder, names[index]), decoder);
}
