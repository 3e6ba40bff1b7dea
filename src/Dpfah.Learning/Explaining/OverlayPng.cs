using System.IO.Compression;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Explaining;

/// <summary>Writes heat maps as PNG files to be laid over previews.</summary>
internal static class OverlayPng
{
    private const byte Unseen = 0;
    private const int Steps = 255; // palette entries 1 to 255
    private const byte Palette = 3;
    private static readonly byte[] Colours = MakeColours();
    private static readonly byte[] Opacities = [0, .. Enumerable.Repeat((byte)Math.Round(255 * HeatMap.DefaultOpacity), Steps)];

    /// <summary>The map in colours, as large as the preview; transparent beside the part that the network saw.</summary>
    /// <param name="map">The map of the part that was seen.</param>
    /// <param name="seen">Which part of the preview that is.</param>
    public static byte[] Encode(HeatMap map, SeenPart seen)
    {
        using MemoryStream png = PngChunks.Begin(seen.Width, seen.Height, Palette);
        PngChunks.Write(png, "PLTE"u8, Colours);
        PngChunks.Write(png, "tRNS"u8, Opacities);
        PngChunks.Write(png, "IDAT"u8, Rows(map, seen));
        PngChunks.Write(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static byte[] Rows(HeatMap map, SeenPart seen)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal))
        {
            var row = new byte[1 + seen.Width]; // filter type 0 (none) in front
            for (int y = 0; y < seen.Height; y++)
            {
                double down = seen.Down(y);
                for (int x = 0; x < seen.Width; x++)
                {
                    double across = seen.Across(x);
                    row[1 + x] = across is >= 0 and <= 1 && down is >= 0 and <= 1 ? ToIndex(map.At(across, down)) : Unseen;
                }

                zlib.Write(row);
            }
        }

        return packed.ToArray();
    }

    private static byte ToIndex(float value) => (byte)(1 + Math.Round(value * (Steps - 1)));

    private static byte[] MakeColours()
    {
        var colours = new byte[3 * (1 + Steps)];
        for (int i = 0; i < Steps; i++)
        {
            (byte red, byte green, byte blue) = HeatMap.ColourOf(i / (Steps - 1.0));
            new[] { red, green, blue }.CopyTo(colours, 3 * (1 + i));
        }

        return colours;
    }
}
