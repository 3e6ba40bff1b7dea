using Dpfah.Learning.Datasets;
using Dpfah.Learning.Explaining;
using Dpfah.Learning.Figures;
using Dpfah.Learning.Imaging;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Figures;

public sealed class PanelFigureTests
{
    [Fact]
    public void Eight_queries_have_ten_results_and_wrong_ones_a_red_frame()
    {
        IReadOnlyList<SamplePicture> queries = FashionSample.ReadQueries();
        RetrievalColumn[] columns = [.. queries.Take(8).Select(query => new RetrievalColumn(
            query.Label, Decode(query), [.. queries.Select(result => new RetrievalResult(Decode(result), result.Label == query.Label))]))];

        var figure = new TopResultsFigure(columns, title: "DPFAH, 48 bits");

        var svg = new SvgDocument(figure.ToSvg());
        Assert.Equal(8 * 11, Pictures(svg));
        IEnumerable<string?> strokes = svg.Elements("rect").Select(rect => rect.Attribute("stroke")?.Value);
        Assert.Equal((8 * 9) + 1, strokes.Count(stroke => stroke == "#E01010")); // and one in the note
        Assert.All(columns, column => Assert.Single(svg.Texts, column.Label));
        Assert.All(Enumerable.Range(2, 9), rank => Assert.Single(svg.Texts, $"{rank}"));
        AssertDrawn(figure);
    }

    [Fact]
    public void A_query_with_fewer_results_leaves_cells_empty()
    {
        RgbImage picture = Plain(40, 20);

        var svg = new SvgDocument(new TopResultsFigure([new("long-label-of-a-class", picture, [new(picture, true)])]).ToSvg());

        Assert.Equal(2, Pictures(svg));
    }

    [Fact]
    public void Each_row_of_heat_maps_has_three_pictures_and_a_label()
    {
        var map = new HeatMap(2, 2, [0, 0.2f, 0.5f, 1]);
        GradCamRow[] rows = [new("ankle-boot", Plain(28, 28), map, map), new("bag", Plain(300, 200), null, map)];

        var figure = new GradCamFigure(rows, "class score");

        var svg = new SvgDocument(figure.ToSvg());
        Assert.Equal(5, Pictures(svg));
        Assert.Equal(
            ["ankle-boot", "bag", "class score", "missing", "picture", "with PFA", "without PFA"],
            svg.Texts.Where(text => !char.IsDigit(text[0]) && text != "Grad-CAM (share of the maximum)").Order(StringComparer.Ordinal));
        AssertDrawn(figure);
    }

    [Fact]
    public void Points_are_coloured_by_class_and_classes_are_named()
    {
        var random = new SeededRandom(3);
        string[] names = [.. FashionMnist.ClassNames];
        int[] labels = [.. Enumerable.Range(0, 200).Select(i => i % names.Length)];
        ScatterPoint[] points = [.. labels.Select(label => new ScatterPoint(label + random.NextDouble(), random.NextGaussian()))];

        var figure = new ScatterFigure(points, labels, names, "DPFAH, 48 bits");

        var svg = new SvgDocument(figure.ToSvg());
        Assert.All(names, name => Assert.Single(svg.Texts, name));
        Assert.Contains("t-SNE, first coordinate (no unit)", svg.Texts);
        Assert.Contains("t-SNE, second coordinate (no unit)", svg.Texts);
        Assert.Equal(60 + 3, svg.Elements("ellipse").Count()); // classes 0, 4 and 8 are circles, 20 points each and one in the legend
        AssertDrawn(figure);
    }

    [Fact]
    public void A_hundred_classes_and_no_point_at_all_are_drawn()
    {
        AssertDrawn(new ScatterFigure([], [], [.. Enumerable.Range(0, 100).Select(i => $"class {i}")]));
        AssertDrawn(new ScatterFigure([new(1, 1)], [0], ["one"]));
    }

    [Fact]
    public void A_point_without_a_place_or_a_name_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ScatterFigure([new(double.NaN, 0)], [0], ["bag"]));
        Assert.Throws<ArgumentException>(() => new ScatterFigure([new(0, 0)], [1], ["bag"]));
        Assert.Throws<ArgumentException>(() => new ScatterFigure([new(0, 0)], [], ["bag"]));
    }

    private static void AssertDrawn(Figure figure)
    {
        Assert.Equal(figure.ToSvg(), figure.ToSvg());
        using SKBitmap png = SKBitmap.Decode(figure.ToPng());
        Assert.Equal((Figure.PngScale * figure.Width, Figure.PngScale * figure.Height), (png.Width, png.Height));
    }

    private static int Pictures(SvgDocument svg) => svg.Elements("image").Count();

    private static RgbImage Decode(SamplePicture picture)
    {
        using SKBitmap bitmap = SKBitmap.Decode(picture.Bytes);
        byte[] pixels = [.. bitmap.Pixels.SelectMany(pixel => new[] { pixel.Red, pixel.Green, pixel.Blue })];
        return new RgbImage(bitmap.Width, bitmap.Height, pixels);
    }

    private static RgbImage Plain(int width, int height)
    {
        var pixels = new byte[3 * width * height];
        Array.Fill(pixels, (byte)128);
        return new RgbImage(width, height, pixels);
    }
}
