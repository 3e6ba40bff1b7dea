using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Pictures, and what the network without and with attention looks at in them (Fig. 3 of the paper).</summary>
/// <param name="rows">One a picture.</param>
/// <param name="title">Above the figure; none if null.</param>
public sealed class GradCamFigure(IReadOnlyList<GradCamRow> rows, string? title = null) : Figure
{
    private const string Scale = "Grad-CAM (share of the maximum)";
    private const int Margin = 12;
    private const int HeadHeight = 28;
    private const int Side = 150;
    private const int Gap = 10;
    private const int Cell = Side + Gap;
    private const int BarHeight = 12;
    private const int ScaleHeight = 66;
    private const int BarSteps = 64;
    private const int LongestLabel = 160;
    private static readonly string[] Heads = ["picture", "without PFA", "with PFA"];

    private readonly IReadOnlyList<GradCamRow> rows = rows ?? throw new ArgumentNullException(nameof(rows));

    /// <inheritdoc/>
    public override int Width => (2 * Margin) + LabelWidth + (Heads.Length * Cell);

    /// <inheritdoc/>
    public override int Height => RowsTop + (rows.Count * Cell) + ScaleHeight + Margin;

    private int LabelWidth => Gap + (int)Math.Ceiling(
        Math.Min(rows.Select(row => Ink.Measure(row.Label, bold: true)).DefaultIfEmpty(0).Max(), LongestLabel));

    private int Top => Margin + Ink.TitleHeight(title);

    private int RowsTop => Top + HeadHeight;

    private protected override void Draw(SKCanvas canvas)
    {
        Ink.WriteTitle(canvas, title, Width, Margin);
        for (int i = 0; i < Heads.Length; i++)
        {
            Ink.Write(canvas, Heads[i], Left(i) + (Side / 2f), Top + (HeadHeight / 2f), SKTextAlign.Center, Ink.LabelSize, bold: true);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            Draw(canvas, rows[i], RowsTop + (i * Cell));
        }

        DrawScale(canvas, RowsTop + (rows.Count * Cell) + Gap);
    }

    private static void DrawMissing(SKCanvas canvas, float left, float top) =>
        Ink.Write(canvas, "missing", left + (Side / 2f), top + (Side / 2f), SKTextAlign.Center, color: Ink.Grey);

    private float Left(int column) => Margin + LabelWidth + (column * Cell) + (Gap / 2f);

    private void Draw(SKCanvas canvas, GradCamRow row, float top)
    {
        float size = Ink.Fit(row.Label, LabelWidth - Gap, bold: true);
        Ink.Write(canvas, row.Label, Margin + LabelWidth - Gap, top + (Side / 2f), SKTextAlign.Right, size, bold: true);
        PictureCell.Draw(canvas, row.Picture, Left(0), top, Side);
        Draw(canvas, row.Picture, row.Plain, Left(1), top);
        Draw(canvas, row.Picture, row.WithAttention, Left(2), top);
    }

    private static void Draw(SKCanvas canvas, RgbImage picture, HeatMap? map, float left, float top)
    {
        if (map is null)
        {
            DrawMissing(canvas, left, top);
            return;
        }

        PictureCell.Draw(canvas, map.Overlay(Enlarge(picture)), left, top, Side);
    }

    /// <summary>A small picture in more pixels, so that the map over it is smooth.</summary>
    private static RgbImage Enlarge(RgbImage picture)
    {
        int longer = Math.Max(picture.Width, picture.Height);
        if (longer >= Side)
        {
            return picture;
        }

        int width = Math.Max(picture.Width * Side / longer, 1);
        int height = Math.Max(picture.Height * Side / longer, 1);
        return TriangleResampler.Resize(picture, width, height, PixelWindow.Whole(width, height));
    }

    private void DrawScale(SKCanvas canvas, float top)
    {
        float left = Left(1);
        float width = (2 * Cell) - Gap;
        for (int i = 0; i < BarSteps; i++)
        {
            (byte red, byte green, byte blue) = HeatMap.ColourOf(i / (BarSteps - 1.0));
            using var paint = new SKPaint { Color = new SKColor(red, green, blue) };
            canvas.DrawRect(left + (i * width / BarSteps), top, (width / BarSteps) + 0.5f, BarHeight, paint);
        }

        float ticks = top + BarHeight + Gap;
        Ink.Write(canvas, "0", left, ticks);
        Ink.Write(canvas, "0.5", left + (width / 2), ticks, SKTextAlign.Center);
        Ink.Write(canvas, "1", left + width, ticks, SKTextAlign.Right);
        Ink.Write(canvas, Scale, left + (width / 2), ticks + Ink.TextSize + 6, SKTextAlign.Center);
    }
}
