using Dpfah.Learning.Imaging;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Draws pictures into square cells.</summary>
internal static class PictureCell
{
    /// <summary>The frame of a wrong result.</summary>
    public static SKColor Red { get; } = new(0xE0, 0x10, 0x10);

    /// <summary>Draws a picture as large as the cell allows, its sides in proportion, in the middle.</summary>
    /// <returns>Where it lies.</returns>
    public static SKRect Draw(SKCanvas canvas, RgbImage picture, float left, float top, float side)
    {
        RgbImage shown = Shrink(picture, (int)(side * Figure.PngScale));
        float scale = side / Math.Max(shown.Width, shown.Height);
        SKRect place = SKRect.Create(
            left + ((side - (scale * shown.Width)) / 2),
            top + ((side - (scale * shown.Height)) / 2),
            scale * shown.Width,
            scale * shown.Height);
        using var bitmap = new SKBitmap(new SKImageInfo(shown.Width, shown.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKPixmap pixels = bitmap.PeekPixels();
        Rgba.AddOpaqueAlpha(shown.Pixels, pixels.GetPixelSpan());
        using SKImage image = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(image, place, new SKSamplingOptions(SKCubicResampler.Mitchell));
        return place;
    }

    /// <summary>Draws a frame whose inner edge is that of the picture.</summary>
    public static void Frame(SKCanvas canvas, SKRect place, float thickness)
    {
        using var paint = new SKPaint { Color = Red, Style = SKPaintStyle.Stroke, StrokeWidth = thickness, IsAntialias = true };
        place.Inflate(thickness / 2, thickness / 2);
        canvas.DrawRect(place, paint);
    }

    /// <summary>A large picture in the pixels that the PNG shows, so that the SVG does not carry more.</summary>
    private static RgbImage Shrink(RgbImage picture, int side)
    {
        double scale = (double)side / Math.Max(picture.Width, picture.Height);
        if (scale >= 1)
        {
            return picture;
        }

        int width = Math.Max((int)Math.Round(scale * picture.Width), 1);
        int height = Math.Max((int)Math.Round(scale * picture.Height), 1);
        return TriangleResampler.Resize(picture, width, height, PixelWindow.Whole(width, height));
    }
}
