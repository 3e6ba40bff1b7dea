using Dpfah.Learning.Figures;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Figures;

public sealed class CurveFigureTests
{
    private static readonly string[] Variants =
        ["AlexNet + DBDH loss", "ResNet18 + DBDH loss", "ResNet18 + PFA", "DPFAH (PFA + L2 + L3)"];

    private static readonly Dictionary<string, Func<Figure>> Figures = new(StringComparer.Ordinal)
    {
        ["rank"] = () => new PrecisionRecallFigure(SampleCurves.PrecisionRecall(SampleCurves.Methods, 3000), RecallBy.Rank, "48 bits"),
        ["radius"] = () => new PrecisionRecallFigure(SampleCurves.PrecisionRecall(SampleCurves.Methods, 49), RecallBy.Radius),
        ["first"] = () => new PrecisionAtNFigure(SampleCurves.PrecisionAtN(SampleCurves.Methods, 1000)),
        ["ball"] = () => new PrecisionInBallFigure(SampleCurves.At(SampleCurves.Methods, 16, 32, 48, 64)),
        ["eta"] = () => new SensitivityFigure("η", SampleCurves.At(["16 bits", "32 bits", "48 bits", "64 bits"], 1, 5, 10, 15), "ζ = 0.1"),
        ["ablation"] = () => new AblationFigure(SampleCurves.PrecisionRecall(Variants, 500), SampleCurves.PrecisionAtN(Variants, 1000)),
        ["training"] = () => new TrainingFigure(
            [Curve.FromOne("L1", [1.5, 0.8, 0.5]), Curve.FromOne("η L2", [0.4, 0.3, 0.2])], [Curve.FromOne("mAP", [0.3, 0.5, 0.6])]),
    };

    public static TheoryData<string> Names => [.. Figures.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_figure_is_written_as_svg_and_as_png(string name)
    {
        using var folder = new TestFolder();
        Figure figure = Figures[name]();

        figure.Save(folder.Path, name);

        Assert.Equal($"{figure.Width} x {figure.Height}", new SvgDocument(File.ReadAllText(folder.File(name + ".svg"))).Size);
        using SKBitmap png = SKBitmap.Decode(folder.File(name + ".png"));
        Assert.Equal((2 * figure.Width, 2 * figure.Height), (png.Width, png.Height));
        Assert.Equal(SKColors.White, png.GetPixel(0, 0));
        Assert.Equal(SKColors.White, png.GetPixel(png.Width - 1, png.Height - 1));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_figure_has_the_same_bytes(string name)
    {
        Assert.Equal(Figures[name]().ToSvg(), Figures[name]().ToSvg());
        Assert.Equal(Figures[name]().ToPng(), Figures[name]().ToPng());
    }

    [Theory]
    [InlineData("rank", "recall at each length of the list (share, 0 to 1)", "precision (share, 0 to 1)")]
    [InlineData("radius", "recall at each Hamming radius (share, 0 to 1)", "precision (share, 0 to 1)")]
    [InlineData("first", "N (pictures returned)", "P@N (share, 0 to 1)")]
    [InlineData("ball", "code length (bits)", "P@H≤2 (share, 0 to 1)")]
    [InlineData("eta", "η", "mAP (share, 0 to 1)")]
    [InlineData("ablation", "N (pictures returned)", "precision (share, 0 to 1)")]
    [InlineData("training", "epoch", "loss (mean over the epoch)")]
    public void Axes_say_what_they_show_and_in_which_unit(string name, string below, string left)
    {
        IReadOnlyList<string> texts = new SvgDocument(Figures[name]().ToSvg()).Texts;

        Assert.Contains(below, texts);
        Assert.Single(texts, left); // drawn once
    }

    [Theory]
    [InlineData("rank")]
    [InlineData("radius")]
    [InlineData("first")]
    [InlineData("ball")]
    public void Every_method_has_its_line_and_its_name(string name)
    {
        var svg = new SvgDocument(Figures[name]().ToSvg());

        foreach (string method in SampleCurves.Methods)
        {
            Assert.Single(svg.Texts, method);
            Assert.True(svg.Has(CurveStyle.Of([method])[0].Color.ToHex()), $"{method} is not drawn.");
        }
    }

    [Fact]
    public void Two_panels_share_one_legend()
    {
        IReadOnlyList<string> texts = new SvgDocument(Figures["ablation"]().ToSvg()).Texts;

        Assert.All(Variants, variant => Assert.Single(texts, variant));
    }

    [Fact]
    public void Tested_values_are_the_ticks_at_equal_distances()
    {
        var svg = new SvgDocument(new SensitivityFigure("ζ", SampleCurves.At(["16 bits"], 0.05, 0.1, 0.5, 1)).ToSvg());

        double[] places = [.. svg.Elements("text")
            .Where(text => text.Value.Trim() is "0.05" or "0.1" or "0.5" or "1")
            .Select(text => text.Attribute("transform")!.Value)
            .Select(transform => double.Parse(transform["translate(".Length..transform.IndexOf(' ')]))];
        Assert.Equal(4, places.Length);
        Assert.Equal(places[1] - places[0], places[2] - places[1], 0.01);
        Assert.Equal(places[1] - places[0], places[3] - places[2], 0.01);
    }

    [Fact]
    public void A_method_without_results_is_listed_as_missing()
    {
        var svg = new SvgDocument(new PrecisionAtNFigure([Curve.FromOne("DPFAH", [0.9, 0.8]), Curve.Missing("DSDH")]).ToSvg());

        Assert.Contains("DSDH (missing)", svg.Texts);
        Assert.False(svg.Has(CurveStyle.Of(["DSDH"])[0].Color.ToHex()));
    }

    [Fact]
    public void Figures_without_any_data_are_drawn_with_empty_axes()
    {
        Curve[] missing = [Curve.Missing("DPFAH"), Curve.Missing("DSH")];
        Figure[] figures =
        [
            new PrecisionRecallFigure(missing, RecallBy.Rank),
            new PrecisionAtNFigure(missing),
            new PrecisionInBallFigure(missing),
            new SensitivityFigure("η", missing),
            new AblationFigure(missing, missing),
            new TrainingFigure(missing, []),
            new PrecisionAtNFigure([]),
        ];

        Assert.All(figures, figure => Assert.NotEmpty(new SvgDocument(figure.ToSvg()).Texts));
    }

    [Fact]
    public void One_point_and_a_level_line_are_drawn()
    {
        Figure figure = new TrainingFigure([Curve.FromOne("L1", [0.5])], [Curve.FromOne("mAP", [0.5, 0.5])]);

        Assert.Contains("mAP", new SvgDocument(figure.ToSvg()).Texts);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_value_that_is_no_number_is_refused_in_a_sentence(double value)
    {
        var error = Assert.Throws<ArgumentException>(() => Curve.FromOne("DSH", [0.5, value]));

        Assert.StartsWith($"The curve DSH has no finite number at point 1: (2, {value}).", error.Message);
    }

    [Fact]
    public void A_precision_above_one_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => new PrecisionAtNFigure([Curve.FromOne("DSH", [0.5, 85.2])]));

        Assert.StartsWith("A precision lies from 0 to 1; the curve DSH has 85.2 at point 1.", error.Message);
    }

    [Fact]
    public void Eleven_styles_differ_in_colour_and_in_pattern_or_marker()
    {
        IReadOnlyList<CurveStyle> styles = CurveStyle.Of(CurveStyle.KnownMethods);

        Assert.Equal(11, styles.Count);
        Assert.Equal(11, styles.Select(style => style.Color.ToHex()).Distinct().Count());
        Assert.Equal(11, styles.Select(style => (style.Marker, style.Hollow)).Distinct().Count());
        Assert.Equal("DPFAH", CurveStyle.KnownMethods[styles.ToList().FindIndex(style => style.Emphasised)]);
    }

    [Fact]
    public void A_method_looks_the_same_in_whatever_company()
    {
        Assert.Equal(CurveStyle.Of(["LSH", "DSH"])[1], CurveStyle.Of(["DPFAH", "something else", "DSH"])[2]);
        Assert.True(CurveStyle.Of(Variants)[3].Emphasised);
    }
}
