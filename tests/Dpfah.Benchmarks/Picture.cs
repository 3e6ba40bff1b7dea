using Dpfah.Learning.Datasets;
using SkiaSharp;

namespace Dpfah.Benchmarks;

/// <summary>A labelled picture to measure with.</summary>
/// <param name="Id">Path.</param>
/// <param name="Label">Name of its class.</param>
/// <param name="Bytes">The file.</param>
internal sealed record Picture(string Id, string Label, byte[] Bytes)
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".webp"];

    /// <summary>The bundled sample's database.</summary>
    public static IReadOnlyList<Picture> Sample() => [.. FashionSample.ReadDatabase().Select(p => new Picture(p.Id, p.Label, p.Bytes))];

    /// <summary>
    /// The photos under a folder: longer side at least 300 pixels, no folder on the path named cartoon or symbols (Tux Paint's
    /// drawings). The label is the first folder below the one given.
    /// </summary>
    public static IReadOnlyList<Picture> Photos(string folder)
    {
        var photos = new List<Picture>();
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string[] parts = Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
            if (!Extensions.Contains(Path.GetExtension(path)) || parts.Contains("cartoon") || parts.Contains("symbols"))
            {
                continue;
            }

            byte[] bytes = File.ReadAllBytes(path);
            using SKCodec? codec = SKCodec.Create(new MemoryStream(bytes));
            if (codec is not null && Math.Max(codec.Info.Width, codec.Info.Height) >= 300)
            {
                photos.Add(new Picture(string.Join('/', parts), parts[0], bytes));
            }
        }

        return photos;
    }
}
