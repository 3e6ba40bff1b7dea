using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Queries in columns, their first results below them by rank; a wrong result has a red frame (Fig. 15 of the paper).</summary>
/// <param name="columns">The queries, eight in the paper.</param>
/// <param name="results">Rows of results, ten in the paper; a query with fewer leaves its cells empty.</param>
/// <param name="title">Above the figure; none if null.</param>
public sealed class TopResultsFigure(
    IReadOnlyList<RetrievalColumn> columns, int results = TopResultsFigure.DefaultResults, string? title = null) : Figure
{
    /// <summary>Rows of results in the paper.</summary>
    public const int DefaultResults = 10;

    private const string Note = "red frame: no label shared with the query";
    private const int Margin = 12;
    private const int LabelHeight = 26;
    private const int NoteHeight = 26;
    private const int Side = 84;
    private const int Gap = 10;
    private const int Cell = Side + Gap;
    private const int QueryGap = 12;
    private const int HeadWidth = 62;
    private const float FrameThickness = 3.5f;
    private const int LeastWidth = 300;

    private readonly IReadOnlyList<RetrievalColumn> columns = columns ?? throw new ArgumentNullException(nameof(columns));

    /// <inheritdoc/>
    public override int Width => Math.Max((2 * Margin) + HeadWidth + (columns.Count * Cell), LeastWidth);

    /// <inheritdoc/>
    public override int Height => ResultsTop + (results * Cell) + NoteHeight + Margin;

    private int Top => Margin + Ink.TitleHeight(title);

    private int QueryTop => Top + LabelHeight;

    private int ResultsTop => QueryTop + Cell + QueryGap;

    private protected override void Draw(SKCanvas canvas)
    {
        Ink.WriteTitle(canvas, title, Width, Margin);
        DrawHeads(canvas);
        for (int column = 0; column < columns.Count; column++)
        {
            Draw(canvas, columns[column], Margin + HeadWidth + (column * Cell) + (Gap / 2f));
        }

        float note = Height - Margin - (NoteHeight / 2f);
        PictureCell.Frame(canvas, SKRect.Create(Margin + HeadWidth + Gap, note - 6, 12, 12), FrameThickness);
        Ink.Write(canvas, Note, Margin + HeadWidth + Gap + 24, note);
    }

    private void DrawHeads(SKCanvas canvas)
    {
        float right = Margin + HeadWidth - Gap;
        Ink.Write(canvas, "query", right, QueryTop + (Side / 2f), SKTextAlign.Right, bold: true);
        for (int rank = 1; rank <= results; rank++)
        {
            string text = rank == 1 ? "rank 1" : $"{rank}";
            Ink.Write(canvas, text, right, ResultsTop + ((rank - 1) * Cell) + (Side / 2f), SKTextAlign.Right);
        }

        using var line = new SKPaint { Color = Ink.Grey, StrokeWidth = 1, IsAntialias = true };
        float y = ResultsTop - (QueryGap / 2f) - (Gap / 2f);
        canvas.DrawLine(Margin, y, Margin + HeadWidth + (columns.Count * Cell), y, line);
    }

    private void Draw(SKCanvas canvas, RetrievalColumn column, float left)
    {
        float size = Ink.Fit(column.Label, Cell - 4, bold: true);
        Ink.Write(canvas, column.Label, left + (Side / 2f), Top + (LabelHeight / 2f), SKTextAlign.Center, size, bold: true);
        PictureCell.Draw(canvas, column.Query, left, QueryTop, Side);
        for (int i = 0; i < Math.Min(results, column.Results.Count); i++)
        {
            SKRect place = PictureCell.Draw(canvas, column.Results[i].Picture, left, ResultsTop + (i * Cell), Side);
            if (!column.Results[i].Relevant)
            {
                PictureCell.Frame(canvas, place, FrameThickness);
            }
        }
    }
}
