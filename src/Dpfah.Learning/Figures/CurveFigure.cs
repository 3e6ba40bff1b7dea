using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>A figure of curves: one or more panels in a row, and on their right one legend for all, outside the data.</summary>
public abstract class CurveFigure : Figure
{
    private const int PanelWidth = 520;
    private const int PanelHeight = 420;
    private const int Margin = 10;

    private readonly string? title;
    private readonly IReadOnlyList<Panel> panels;
    private readonly CurveLegend legend;

    private protected CurveFigure(string? title, params IReadOnlyList<Panel> panels)
    {
        this.title = title;
        this.panels = panels;
        legend = new CurveLegend([.. panels.SelectMany(panel => panel.Curves)]);
    }

    /// <inheritdoc/>
    public override int Width => (PanelWidth * panels.Count) + legend.Width + (2 * Margin);

    /// <inheritdoc/>
    public override int Height => Top + Math.Max(PanelHeight, legend.Height) + Margin;

    private int Top => Margin + Ink.TitleHeight(title);

    private protected override void Draw(SKCanvas canvas)
    {
        Ink.WriteTitle(canvas, title, Width, Margin);
        for (int i = 0; i < panels.Count; i++)
        {
            Chart.Draw(canvas, panels[i], legend.Styles, Margin + (i * PanelWidth), Top, PanelWidth, Height - Top - Margin);
        }

        legend.Draw(canvas, Margin + (panels.Count * PanelWidth), Top);
    }
}
