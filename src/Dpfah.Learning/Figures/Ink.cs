using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Text and colours that all figures share.</summary>
internal static class Ink
{
    public const float LabelSize = 15;
    public const float TextSize = 13;

    private const float TitleSize = 17;
    private const int TitleRow = 34;

    public static SKColor Black { get; } = new(0x22, 0x22, 0x22);

    public static SKColor Grey { get; } = new(0x77, 0x77, 0x77);

    public static float Measure(string text, float size = TextSize, bool bold = false)
    {
        using SKFont font = Font(size, bold);
        return font.MeasureText(text);
    }

    /// <summary>The size at which a text is no wider than <paramref name="width"/>, at most <paramref name="size"/>.</summary>
    public static float Fit(string text, float width, float size = TextSize, bool bold = false) =>
        Math.Min(size, size * width / Math.Max(Measure(text, size, bold), 1));

    /// <summary>Draws one line of text.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="text">What.</param>
    /// <param name="x">Left end, middle or right end, by <paramref name="align"/>.</param>
    /// <param name="middle">Half the height of its capitals lies here.</param>
    /// <param name="align">Which part of the text lies at <paramref name="x"/>.</param>
    /// <param name="size">In units.</param>
    /// <param name="bold">Whether bold.</param>
    /// <param name="color">Black if not given.</param>
    public static void Write(
        SKCanvas canvas,
        string text,
        float x,
        float middle,
        SKTextAlign align = SKTextAlign.Left,
        float size = TextSize,
        bool bold = false,
        SKColor? color = null)
    {
        using SKFont font = Font(size, bold);
        using var paint = new SKPaint { Color = color ?? Black, IsAntialias = true };
        canvas.DrawText(text, x, middle + (font.Metrics.CapHeight / 2), align, font, paint);
    }

    /// <summary>Height that a title takes; 0 without one.</summary>
    public static int TitleHeight(string? title) => title is null ? 0 : TitleRow;

    /// <summary>Draws a title, if there is one, in the middle above a figure.</summary>
    public static void WriteTitle(SKCanvas canvas, string? title, int width, int margin)
    {
        if (title is not null)
        {
            float size = Fit(title, width - (2 * margin), TitleSize, bold: true);
            Write(canvas, title, width / 2f, margin + (TitleRow / 2f), SKTextAlign.Center, size, bold: true);
        }
    }

    private static SKFont Font(float size, bool bold) => new(bold ? FigureFont.Bold : FigureFont.Regular, size)
    {
        Subpixel = true,
        Hinting = SKFontHinting.None,
    };
}
