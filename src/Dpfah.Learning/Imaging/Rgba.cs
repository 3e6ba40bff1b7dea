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
            int white = (255 * (255 - alpha)) + 127;
            rgb[target] = (byte)(((rgba[source] * alpha) + white) / 255);
            rgb[target + 1] = (byte)(((rgba[source + 1] * alpha) + white) / 255);
            rgb[target + 2] = (byte)(((rgba[source + 2] * alpha) + white) / 255);
        }
    }

    /// <summary>Drops the alpha of opaque pixels.</summary>
    /// <param name="rgba">4 bytes a pixel.</param>
    /// <param name="rgb">3 bytes a pixel.</param>
    public static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        for (int source = 0, target = 0; source + 4 <= rgba.Length; source += 4, target += 3)
        {
            rgba.Slice(source, 3).CopyTo(rgb.Slice(target, 3));
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
