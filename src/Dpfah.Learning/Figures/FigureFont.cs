using ScottPlot;
using SkiaSharp;

namespace Dpfah.Learning.Figures;

/// <summary>Liberation Sans, carried by this assembly: figures look alike on every machine, also where no font is installed.</summary>
internal sealed class FigureFont : IFontResolver
{
    /// <summary>Name of the family; its letters are as wide as those of Arial and Helvetica, which stand in for it in an SVG.</summary>
    public const string Family = "Liberation Sans";

    private FigureFont()
    {
    }

    /// <summary>The upright typeface.</summary>
    public static SKTypeface Regular { get; } = Read("LiberationSans-Regular.ttf");

    /// <summary>The bold typeface.</summary>
    public static SKTypeface Bold { get; } = Read("LiberationSans-Bold.ttf");

    private static Lazy<bool> Registration { get; } = new(() =>
    {
        // In front of the system's fonts, which may hold another version.
        Fonts.FontResolvers.Insert(0, new FigureFont());
        return true;
    });

    /// <summary>Makes the family known to ScottPlot; more than once does no harm.</summary>
    public static void Register() => _ = Registration.Value;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        CreateTypeface(fontName, weight >= FontWeight.SemiBold, italic: false);

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) =>
        fontName != Family ? null : bold ? Bold : Regular;

    private static SKTypeface Read(string resource)
    {
        using Stream stream = typeof(FigureFont).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly was built without its resource {resource}.");
        using SKData data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }
}
