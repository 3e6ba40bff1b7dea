using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Draws a panel with ScottPlot.</summary>
internal static class Chart
{
    /// <summary>Points closer than this share of the panel to the one before are left out: they would not be seen.</summary>
    private const double Resolution = 0.002;

    /// <summary>Room for ticks of five digits and the label beside them, in units.</summary>
    private const float LeftWidth = 74;

    /// <summary>Draws axes, grid and curves into a part of the canvas.</summary>
    public static void Draw(
        SKCanvas canvas, Panel panel, IReadOnlyDictionary<string, CurveStyle> styles, int left, int top, int width, int height)
    {
        using Plot plot = Create(panel.XLabel, panel.YLabel);
        IReadOnlyList<Curve> curves = [.. panel.Curves.Where(curve => !curve.IsMissing)];
        (double Low, double High) x = panel.XRange ?? Ends(curves.SelectMany(curve => curve.X));
        (double Low, double High) y = panel.YRange ?? RoundEnds(curves.SelectMany(curve => curve.Y));
        foreach (Curve curve in curves.OrderBy(curve => styles[curve.Name].Emphasised))
        {
            Add(plot, curve, styles[curve.Name], panel.Markers, x, y);
        }

        // A little air, so that markers at the ends are whole.
        double air = 0.02 * (x.High - x.Low);
        plot.Axes.SetLimits(x.Low - air, x.High + air, y.Low - (0.02 * (y.High - y.Low)), y.High + (0.02 * (y.High - y.Low)));
        if (panel.XTicks is { } ticks)
        {
            plot.Axes.Bottom.TickGenerator =
                new NumericManual([.. ticks.Select(tick => tick.Place)], [.. ticks.Select(tick => tick.Text)]);
        }
        else
        {
            plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = panel.WholeX };
        }

        Render(plot, canvas, left, top, width, height);
    }

    /// <summary>An empty plot in the look of all figures.</summary>
    public static Plot Create(string xLabel, string yLabel)
    {
        FigureFont.Register();
        var plot = new Plot();
        plot.XLabel(xLabel, Ink.LabelSize);
        plot.YLabel(yLabel, Ink.LabelSize);
        plot.Font.Set(FigureFont.Family);
        Color black = Color.FromSKColor(Ink.Black);
        plot.Axes.Color(black);
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            axis.Label.Bold = false;
            axis.TickLabelStyle.FontSize = Ink.TextSize;
        }

        plot.Axes.Left.MinimumSize = LeftWidth;
        plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");
        plot.FigureBackground.Color = Colors.White;
        plot.DataBackground.Color = Colors.White;
        plot.HideLegend();
        return plot;
    }

    /// <summary>Draws a plot into a part of the canvas.</summary>
    public static void Render(Plot plot, SKCanvas canvas, int left, int top, int width, int height)
    {
        // ScottPlot draws a plot twice the first time, once to learn its layout; an SVG would keep both.
        plot.RenderInMemory(width, height);
        canvas.Save();
        canvas.Translate(left, top);
        canvas.ClipRect(SKRect.Create(width, height)); // ScottPlot begins by clearing the whole clip
        plot.Render(canvas, width, height);
        canvas.Restore();
    }

    private static void Add(
        Plot plot, Curve curve, CurveStyle style, int markers, (double Low, double High) x, (double Low, double High) y)
    {
        IReadOnlyList<int> line = Visible(curve, x.High - x.Low, y.High - y.Low);
        ScottPlot.Plottables.Scatter path = plot.Add.ScatterLine(Pick(curve.X, line), Pick(curve.Y, line), style.Color);
        path.LineWidth = style.LineWidth;
        path.LinePattern = style.Dashes.Count == 0 ? LinePattern.Solid : new LinePattern([.. style.Dashes], 0, "dashes");

        IReadOnlyList<int> marked = Marked(curve, markers, x);
        ScottPlot.Plottables.Scatter points = plot.Add.ScatterPoints(Pick(curve.X, marked), Pick(curve.Y, marked), style.Color);
        points.MarkerStyle = style.MarkerStyle();
    }

    private static double[] Pick(IReadOnlyList<double> values, IReadOnlyList<int> indices) => [.. indices.Select(i => values[i])];

    private static List<int> Visible(Curve curve, double width, double height)
    {
        List<int> kept = [0];
        for (int i = 1; i < curve.X.Count; i++)
        {
            double step = (Math.Abs(curve.X[i] - curve.X[kept[^1]]) / width) + (Math.Abs(curve.Y[i] - curve.Y[kept[^1]]) / height);
            if (step >= Resolution || i == curve.X.Count - 1)
            {
                kept.Add(i);
            }
        }

        return kept;
    }

    /// <summary>All points, or the first in each of equally wide parts of the axis.</summary>
    private static List<int> Marked(Curve curve, int markers, (double Low, double High) x)
    {
        if (curve.X.Count <= markers)
        {
            return [.. Enumerable.Range(0, curve.X.Count)];
        }

        double step = (x.High - x.Low) / (markers - 1);
        List<int> kept = [];
        int last = -1;
        for (int i = 0; i < curve.X.Count; i++)
        {
            int part = (int)Math.Floor((curve.X[i] - x.Low) / step);
            if (part != last || i == curve.X.Count - 1)
            {
                kept.Add(i);
                last = part;
            }
        }

        return kept;
    }

    private static (double Low, double High) Ends(IEnumerable<double> values)
    {
        double[] all = [.. values];
        if (all.Length == 0)
        {
            return (0, 1);
        }

        (double low, double high) = (all.Min(), all.Max());
        return low < high ? (low, high) : (low - 0.5, high + 0.5);
    }

    /// <summary>The ends, moved outwards to round numbers.</summary>
    private static (double Low, double High) RoundEnds(IEnumerable<double> values)
    {
        (double low, double high) = Ends(values);
        double step = Math.Pow(10, Math.Floor(Math.Log10(high - low)));
        step /= ((high - low) / step) switch
        {
            < 2 => 5,
            < 5 => 2,
            _ => 1,
        };
        return (step * Math.Floor((low / step) + 1e-9), step * Math.Ceiling((high / step) - 1e-9));
    }
}
