using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

/// <summary>The picture of the files in Fixtures, and the files.</summary>
internal static class FixturePicture
{
    public const int Width = 48;
    public const int Height = 36;

    /// <summary>All fixture files.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        "rgb.png", "alpha.png", "grey.png", "grey-alpha.png", "palette.png", "interlaced.png", "sixteen-bit.png",
        "baseline.jpg", "subsampled.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg",
        "still.gif", "animated.gif", "rgb.bmp", "palette.bmp", "run-length.bmp",
        "lossy.webp", "lossless.webp", "alpha.webp", "animated.webp",
    ];

    /// <summary>Every file under every decoder.</summary>
    public static TheoryData<string, string> FilesAndDecoders()
    {
        var data = new TheoryData<string, string>();
        foreach (string file in Files)
        {
            foreach (string decoder in ImageDecoders.Names)
            {
                data.Add(file, decoder);
            }
        }

        return data;
    }

    public static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Imaging", "Fixtures", file));

    public static RgbImage Rgb() => FromFormula((x, y) => (x * 255 / (Width - 1), y * 255 / (Height - 1), Blue(x, y)));

    public static RgbImage Posterised() => FromFormula((x, y) => (x / 12 * 85, y / 9 * 85, Blue(x, y)));

    public static RgbImage Grey() => FromFormula((x, y) => (Luma(x, y), Luma(x, y), Luma(x, y)));

    public static RgbImage RgbOverWhite() => FromFormula((x, y) =>
        (OverWhite(x * 255 / (Width - 1), x), OverWhite(y * 255 / (Height - 1), x), OverWhite(Blue(x, y), x)));

    public static RgbImage GreyOverWhite() => FromFormula((x, y) =>
        (OverWhite(Luma(x, y), x), OverWhite(Luma(x, y), x), OverWhite(Luma(x, y), x)));

    private static int Blue(int x, int y) => x < Width / 2 && y < Height / 3 ? 200 : 40;

    private static int Luma(int x, int y) =>
        ((19595 * (x * 255 / (Width - 1))) + (38470 * (y * 255 / (Height - 1))) + (7471 * Blue(x, y)) + 0x8000) >> 16;

    private static int OverWhite(int value, int x)
    {
        int alpha = 255 - (x * 255 / (Width - 1));
        return (int)Math.Round(((value * alpha) + (255.0 * (255 - alpha))) / 255.0);
    }

    private static RgbImage FromFormula(Func<int, int, (int Red, int Green, int Blue)> formula) => TestPicture.Make(Width, Height, formula);
}
