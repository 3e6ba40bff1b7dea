namespace Dpfah.Learning.Imaging;

/// <summary>Pixels of red, green, blue and straight alpha, as the libraries decode them.</summary>
internal static class Rgba
{
    /// <summary>Composites pixels over white; the result is rounded to the nearest byte.</summary>
    /// <param name="rgba">4 bytes a pixel.</param>
    /// <param name="rgb">3 bytes a pixel.</param>
    public static void CompositeOverWhite(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        for (int source = 0, target = 0; source + 4 <= rgba.Length; source += 4, target += 3)
        {
            int alpha = rgba[source + 3];
            if (alpha == 255)
            {
                // Most pixels of most pictures: three times as fast as the arithmetic.
                rgba.Slice(source, 3).CopyTo(rgb.Slice(target, 3));
                continue;
            }

            int white = (255 * (255 - alpha)) + 127;
            rgb[target] = (byte)(((rgba[source] * alpha) + white) / 255);
            rgb[target + 1] = (byte)(((rgba[source + 1] * alpha) + white) / 255);
            rgb[target + 2] = (byte)(((rgba[source + 2] * alpha) + white) / 255);
        }
    }

    /// <summary>Adds the alpha of opaque pixels.</summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    /// <param name="rgba">4 bytes a pixel.</param>
    public static void AddOpaqueAlpha(ReadOnlySpan<byte> rgb, Span<byte> rgba)
    {
        for (int source = 0, target = 0; source + 3 <= rgb.Length; source += 3, target += 4)
        {
            rgb.Slice(source, 3).CopyTo(rgba.Slice(target, 3));
            rgba[target + 3] = 255;
        }
    }
}
