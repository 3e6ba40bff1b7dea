using ScottPlot;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>The list of curves beside the panels; a curve without points is listed as missing.</summary>
internal sealed class CurveLegend
{
    private const int RowHeight = 25;
    private const int SampleWidth = 42;
    private const int Gap = 10;
    private const string MissingNote = " (missing)";

    private readonly IReadOnlyList<(string Name, bool Missing)> rows;

    /// <summary>Lists curves by name; a name that several panels have is listed once.</summary>
    public CurveLegend(IReadOnlyList<Curve> curves)
    {
        rows = [.. curves.GroupBy(curve => curve.Name).Select(group => (group.Key, group.All(curve => curve.IsMissing)))];
        IReadOnlyList<CurveStyle> styles = CurveStyle.Of([.. rows.Select(row => row.Name)]);
        Styles = rows.Select((row, i) => (row.Name, styles[i])).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The style of each name.</summary>
    public IReadOnlyDictionary<string, CurveStyle> Styles { get; }

    /// <summary>Width in units, wide enough for the longest name.</summary>
    public int Width => rows.Count == 0
        ? 0
        : (2 * Gap) + SampleWidth + (int)Math.Ceiling(rows.Max(row => Ink.Measure(Text(row), bold: Styles[row.Name].Emphasised)));

    /// <summary>Height in units.</summary>
    public int Height => (rows.Count * RowHeight) + (2 * Gap);

    /// <summary>Draws the list.</summary>
    public void Draw(SKCanvas canvas, int left, int top)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            CurveStyle style = Styles[rows[i].Name];
            float middle = top + Gap + ((i + 0.5f) * RowHeight);
            if (!rows[i].Missing)
            {
                DrawSample(canvas, style, left + Gap, middle);
            }

            Ink.Write(
                canvas,
                Text(rows[i]),
                left + Gap + SampleWidth + (Gap / 2f),
                middle,
                bold: style.Emphasised,
                color: rows[i].Missing ? Ink.Grey : Ink.Black);
        }
    }

    private static string Text((string Name, bool Missing) row) => row.Missing ? row.Name + MissingNote : row.Name;

    private static void DrawSample(SKCanvas canvas, CurveStyle style, float left, float middle)
    {
        using SKPathEffect? dashes = style.Dashes.Count == 0 ? null : SKPathEffect.CreateDash([.. style.Dashes], 0);
        using var line = new SKPaint
        {
            Color = style.Color.ToSKColor(),
            StrokeWidth = style.LineWidth,
            Style = SKPaintStyle.Stroke,
            IsAntialias = true,
            PathEffect = dashes,
        };
        canvas.DrawLine(left, middle, left + SampleWidth - (Gap / 2f), middle, line);
        using Paint paint = Paint.NewDisposablePaint();
        style.MarkerStyle().Render(canvas, new Pixel(left + ((SampleWidth - (Gap / 2f)) / 2), middle), paint);
    }
}
