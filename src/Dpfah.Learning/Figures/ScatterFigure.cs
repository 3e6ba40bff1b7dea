using ScottPlot;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Points of the plane coloured by class, as t-SNE places codes (Fig. 7 of the paper).</summary>
/// <remarks>
/// Ten colours and four shapes tell up to forty classes apart. The axes have no unit and no ticks: only nearness means something.
/// </remarks>
public sealed class ScatterFigure : Figure
{
    private const int Side = 520;
    private const int Margin = 10;
    private const int RowHeight = 21;
    private const int RowsPerColumn = 24;
    private const int SampleWidth = 26;

    private static readonly Color[] Palette =
    [
        .. new[] { "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#882255", "#332288", "#999933", "#666666" }
            .Select(Color.FromHex),
    ];

    // Neighbours in the palette also differ in shape.
    private static readonly MarkerShape[] Shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledTriangleUp, MarkerShape.FilledSquare, MarkerShape.FilledDiamond];

    private readonly IReadOnlyList<ScatterPoint> points;
    private readonly IReadOnlyList<int> labels;
    private readonly IReadOnlyList<string> classNames;
    private readonly string? title;

    /// <summary>Takes the points.</summary>
    /// <param name="points">Where each item lies.</param>
    /// <param name="labels">The class of each item, an index of <paramref name="classNames"/>.</param>
    /// <param name="classNames">What the legend says of each class.</param>
    /// <param name="title">Above the figure; none if null.</param>
    /// <exception cref="ArgumentException">The counts differ, a label has no name, or a number is NaN or infinite.</exception>
    public ScatterFigure(
        IReadOnlyList<ScatterPoint> points, IReadOnlyList<int> labels, IReadOnlyList<string> classNames, string? title = null)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (points.Count != labels.Count)
        {
            throw new ArgumentException($"There are {points.Count} points and {labels.Count} labels.", nameof(labels));
        }

        for (int i = 0; i < points.Count; i++)
        {
            if (!double.IsFinite(points[i].X) || !double.IsFinite(points[i].Y))
            {
                throw new ArgumentException($"Point {i} has no finite place: ({points[i].X}, {points[i].Y}).", nameof(points));
            }

            if (labels[i] < 0 || labels[i] >= classNames.Count)
            {
                throw new ArgumentException(
                    $"Point {i} has the label {labels[i]}; there are names for {classNames.Count}.", nameof(labels));
            }
        }

        this.points = points;
        this.labels = labels;
        this.classNames = classNames;
        this.title = title;
    }

    /// <inheritdoc/>
    public override int Width => Side + (Columns * ColumnWidth) + (2 * Margin);

    /// <inheritdoc/>
    public override int Height => Top + Side + Margin;

    private int Top => Margin + Ink.TitleHeight(title);

    private int Columns => (classNames.Count + RowsPerColumn - 1) / RowsPerColumn;

    private int ColumnWidth => SampleWidth + Margin
        + (int)Math.Ceiling(classNames.Select(name => Ink.Measure(name)).DefaultIfEmpty(0).Max());

    private protected override void Draw(SKCanvas canvas)
    {
        Ink.WriteTitle(canvas, title, Width, Margin);
        using Plot plot = Chart.Create("t-SNE, first coordinate (no unit)", "t-SNE, second coordinate (no unit)");
        plot.HideGrid();
        plot.Axes.Left.MinimumSize = 0;
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.EmptyTickGenerator();
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.EmptyTickGenerator();
        for (int c = 0; c < classNames.Count; c++)
        {
            ScatterPoint[] members = [.. points.Where((_, i) => labels[i] == c)];
            if (members.Length > 0)
            {
                plot.Add.ScatterPoints(members.Select(point => point.X).ToArray(), members.Select(point => point.Y).ToArray())
                    .MarkerStyle = Style(c);
            }
        }

        plot.Axes.AutoScale();
        plot.Axes.SquareUnits();
        Chart.Render(plot, canvas, Margin, Top, Side, Side);
        DrawLegend(canvas);
    }

    private void DrawLegend(SKCanvas canvas)
    {
        using Paint paint = Paint.NewDisposablePaint();
        for (int c = 0; c < classNames.Count; c++)
        {
            float left = Margin + Side + (c / RowsPerColumn * ColumnWidth);
            float middle = Top + Margin + (((c % RowsPerColumn) + 0.5f) * RowHeight);
            Style(c).Render(canvas, new Pixel(left + (SampleWidth / 2f), middle), paint);
            Ink.Write(canvas, classNames[c], left + SampleWidth, middle);
        }
    }

    private static MarkerStyle Style(int c)
    {
        Color color = Palette[c % Palette.Length];
        MarkerShape shape = Shapes[(c + (c / Palette.Length)) % Shapes.Length];
        return new MarkerStyle(shape, 7, color.WithAlpha(0.8)) { OutlineWidth = 0 };
    }
}
