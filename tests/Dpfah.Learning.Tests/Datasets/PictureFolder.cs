using Dpfah.Learning.Imaging;
using Dpfah.Learning.Tests.Imaging;

namespace Dpfah.Learning.Tests.Datasets;

/// <summary>A temporary folder of real picture files; deleted with the object.</summary>
internal sealed class PictureFolder : IDisposable
{
    private static readonly IImageDecoder Encoder = ImageDecoders.Create(ImageDecoders.Skia);

    private readonly TestFolder folder = new();

    public string Path => folder.Path;

    public string File(string name) => folder.File(name);

    /// <summary>Writes a JPEG or, by the name, a PNG of one color.</summary>
    public void AddPicture(string name, byte shade = 0)
    {
        RgbImage picture = TestPicture.Make(8, 6, (_, _) => (shade, 2 * shade, 255 - shade));
        Add(name, name.EndsWith(".png") ? TestPicture.ToPng(picture) : Encoder.EncodeJpeg(picture, 95));
    }

    public void Add(string name, byte[] bytes)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllBytes(File(name), bytes);
    }

    public void AddText(string name, params string[] lines) =>
        System.IO.File.WriteAllText(File(name), string.Concat(lines.Select(line => line + "\n")));

    public void Dispose() => folder.Dispose();
}
