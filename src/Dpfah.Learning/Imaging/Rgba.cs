using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Imaging;

/// <summary>Pixels of red, green, blue and straight alpha, as the libraries decode them.</summary>
internal static class Rgba
{
    private static readonly Vector128<byte> Together = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    private static readonly Vector128<byte> Apart = Vector128.Create((byte)0, 1, 2, 15, 3, 4, 5, 15, 6, 7, 8, 15, 9, 10, 11, 15);
    private static readonly Vector128<byte> Opaque = Vector128.Create(0xFF000000).AsByte();

    /// <summary>Composites pixels over white; the result is rounded to the nearest byte, and opaque.</summary>
    /// <param name="rgba">4 bytes a pixel.</param>
    /// <param name="target">4 bytes a pixel.</param>
    public static void CompositeOverWhite(ReadOnlySpan<byte> rgba, Span<byte> target)
    {
        for (int done = 0; done + 4 <= rgba.Length; done += 4)
        {
            // Most pixels of most pictures are opaque.
            for (; done + 16 <= rgba.Length; done += 16)
            {
                Vector128<byte> four = Vector128.Create(rgba.Slice(done, 16));
                if ((four & Opaque) != Opaque)
                {
                    break;
                }

                four.CopyTo(target[done..]);
            }

            if (done + 4 > rgba.Length)
            {
                return;
            }

            int alpha = rgba[done + 3], white = (255 * (255 - alpha)) + 127;
            target[done] = (byte)(((rgba[done] * alpha) + white) / 255);
            target[done + 1] = (byte)(((rgba[done + 1] * alpha) + white) / 255);
            target[done + 2] = (byte)(((rgba[done + 2] * alpha) + white) / 255);
            target[done + 3] = 255;
        }
    }

    /// <summary>Leaves the alpha of opaque pixels out.</summary>
    /// <param name="rgba">4 bytes a pixel.</param>
    /// <param name="rgb">3 bytes a pixel.</param>
    public static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        int source = 0, target = 0;

        // Four pixels a step; the four bytes too many are written over by the next ones.
        for (; source + 16 <= rgba.Length && target + 16 <= rgb.Length; source += 16, target += 12)
        {
            Vector128.Shuffle(Vector128.Create(rgba.Slice(source, 16)), Together).CopyTo(rgb[target..]);
        }

        for (; source + 4 <= rgba.Length; source += 4, target += 3)
        {
            rgba.Slice(source, 3).CopyTo(rgb.Slice(target, 3));
        }
    }

    /// <summary>Adds the alpha of opaque pixels.</summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    /// <param name="rgba">4 bytes a pixel.</param>
    public static void AddOpaqueAlpha(ReadOnlySpan<byte> rgb, Span<byte> rgba)
    {
        int source = 0, target = 0;
        for (; source + 16 <= rgb.Length && target + 16 <= rgba.Length; source += 12, target += 16)
        {
            (Vector128.Shuffle(Vector128.Create(rgb.Slice(source, 16)), Apart) | Opaque).CopyTo(rgba[target..]);
        }

        for (; source + 3 <= rgb.Length; source += 3, target += 4)
        {
            rgb.Slice(source, 3).CopyTo(rgba.Slice(target, 3));
            rgba[target + 3] = 255;
        }
    }
}
