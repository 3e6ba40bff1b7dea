using System.Text;
using System.Text.RegularExpressions;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>A picture of results that can be written as SVG and as PNG.</summary>
/// <remarks>The same figure gives the same bytes on every run: no time, no random name is written.</remarks>
public abstract partial class Figure
{
    /// <summary>Pixels of the PNG for each unit of the figure.</summary>
    public const int PngScale = 2;

    /// <summary>Width in units; one unit is a pixel of the SVG.</summary>
    public abstract int Width { get; }

    /// <summary>Height in units.</summary>
    public abstract int Height { get; }

    /// <summary>Writes <c>NAME.svg</c> and <c>NAME.png</c>; files of these names are overwritten.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="name">File name without its ending.</param>
    public void Save(string folder, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        File.WriteAllText(Path.Combine(folder, name + ".svg"), ToSvg());
        File.WriteAllBytes(Path.Combine(folder, name + ".png"), ToPng());
    }

    /// <summary>The figure as an SVG document; text stays text, pictures are embedded.</summary>
    public string ToSvg()
    {
        using var stream = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(Width, Height), stream))
        {
            DrawAll(canvas);
        }

        string svg = TrailingComma().Replace(NumberClips(Encoding.UTF8.GetString(stream.ToArray())), "\"");

        // Where the font is missing a viewer falls back to one of the same widths.
        return svg.Replace($"font-family=\"{FigureFont.Family}\"", $"font-family=\"{FigureFont.Family}, Arial, Helvetica, sans-serif\"");
    }

    /// <summary>The figure as a PNG file of <see cref="PngScale"/> pixels a unit.</summary>
    public byte[] ToPng()
    {
        var size = new SKImageInfo(Width * PngScale, Height * PngScale, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var surface = SKSurface.Create(size);
        surface.Canvas.Scale(PngScale);
        DrawAll(surface.Canvas);
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>Draws the figure on a white canvas of its size.</summary>
    private protected abstract void Draw(SKCanvas canvas);

    /// <summary>Skia numbers clips on through the life of the process; here each document starts anew.</summary>
    private static string NumberClips(string svg)
    {
        var numbers = new Dictionary<string, string>(StringComparer.Ordinal);
        return SkiaName().Replace(svg, match =>
        {
            if (!numbers.TryGetValue(match.Value, out string? name))
            {
                numbers[match.Value] = name = $"{match.Groups["kind"].Value}_{numbers.Count}";
            }

            return name;
        });
    }

    // In id="cl_5b", url(#cl_5b) and href="#img_2".
    [GeneratedRegex("(?<=id=\"|#)(?<kind>cl|img|pattern|gradient|mask)_[0-9a-f]+(?=[\")])")]
    private static partial Regex SkiaName();

    // x="1.5, 2.5, ": SVG allows no comma at the end of a list.
    [GeneratedRegex(", \"")]
    private static partial Regex TrailingComma();

    private void DrawAll(SKCanvas canvas)
    {
        using var white = new SKPaint { Color = SKColors.White };
        canvas.DrawRect(0, 0, Width, Height, white);
        Draw(canvas);
    }
}
