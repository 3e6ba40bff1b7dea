using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Explaining;

public sealed class OverlayPngTests
{
    [Theory]
    [InlineData(256, 100)]
    [InlineData(100, 256)]
    [InlineData(128, 128)]
    public void What_the_network_does_not_see_is_transparent(int width, int height)
    {
        // Shorter side to 80, of which the middle 64 x 64 are seen.
        (int resizedWidth, int resizedHeight) = TriangleResampler.SizeForShorterSide(width, height, 80);
        var seen = new SeenPart(width, height, resizedWidth, resizedHeight, PixelWindow.Centre(resizedWidth, resizedHeight, 64, 64));

        using SKBitmap overlay = Decode(OverlayPng.Encode(new HeatMap(2, 1, [0, 1]), seen));

        Assert.Equal((width, height), (overlay.Width, overlay.Height));
        double side = 64.0 / 80 * Math.Min(width, height), left = (width - side) / 2, top = (height - side) / 2;
        int inside = 0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                // A pixel at the very edge may fall on either side of it.
                double depth = Math.Min(Math.Min(x + 0.5 - left, left + side - x - 0.5), Math.Min(y + 0.5 - top, top + side - y - 0.5));
                if (Math.Abs(depth) > 1)
                {
                    Assert.Equal(depth > 0 ? 128 : 0, overlay.GetPixel(x, y).Alpha);
                    inside += depth > 0 ? 1 : 0;
                }
            }
        }

        Assert.InRange(inside, 0.9 * side * side, side * side);
    }

    [Fact]
    public void Colours_are_those_of_the_map_at_each_pixel()
    {
        var map = new HeatMap(3, 2, [0, 0.5f, 1, 0.25f, 0.75f, 0.1f]);

        using SKBitmap overlay = Decode(OverlayPng.Encode(map, new SeenPart(60, 40, 60, 40, PixelWindow.Whole(60, 40))));

        foreach ((int x, int y, float value) in new[] { (10, 10, 0f), (30, 10, 0.5f), (50, 10, 1f), (10, 30, 0.25f), (30, 30, 0.75f), (50, 30, 0.1f) })
        {
            (byte red, byte green, byte blue) = HeatMap.ColourOf(map.At((x + 0.5) / 60, (y + 0.5) / 40));
            SKColor found = overlay.GetPixel(x, y);
            Assert.Equal(value, map.At(x / 60.0, y / 40.0), 1e-5f);
            Assert.True(Math.Abs(red - found.Red) <= 6 && Math.Abs(green - found.Green) <= 6 && Math.Abs(blue - found.Blue) <= 6, $"{x}, {y}: {found}, not {red} {green} {blue}");
        }
    }

    private static SKBitmap Decode(byte[] png) =>
        SKBitmap.Decode(png, new SKImageInfo(SKBitmap.DecodeBounds(png).Width, SKBitmap.DecodeBounds(png).Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
}
