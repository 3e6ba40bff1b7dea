using Dpfah.Learning.Figures;
using ScottPlot;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Figures;

public sealed class FigureFontTests
{
    [Fact]
    public void The_carried_font_has_all_that_figures_write()
    {
        foreach (SKTypeface typeface in new[] { FigureFont.Regular, FigureFont.Bold })
        {
            using var font = new SKFont(typeface);

            Assert.Equal(FigureFont.Family, typeface.FamilyName);
            Assert.True(font.ContainsGlyphs("0123456789 abcxyz ABCXYZ .,:+-()@≤ ηζλδ äöüéß"));
        }
    }

    [Fact]
    public void ScottPlot_gets_the_carried_font_whatever_is_installed()
    {
        FigureFont.Register();

        Assert.Same(FigureFont.Regular, Fonts.GetTypeface(FigureFont.Family, bold: false, italic: false));
        Assert.Same(FigureFont.Bold, Fonts.GetTypeface(FigureFont.Family, bold: true, italic: false));
    }

    [Fact]
    public void Its_licence_lies_beside_the_program() =>
        Assert.Contains("SIL OPEN FONT LICENSE", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fonts", "LICENSE")));
}
