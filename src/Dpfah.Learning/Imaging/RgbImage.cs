namespace Dpfah.Learning.Imaging;

/// <summary>An opaque picture: rows from the top, pixels from the left, red, green and blue bytes.</summary>
/// <remarks>Color profiles are not applied: the bytes are those of the file.</remarks>
public sealed class RgbImage : IPixelRows
{
    private readonly byte[] pixels;

    /// <summary>Takes over a buffer of pixels.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="pixels">3 · width · height bytes; not copied, and not to be changed afterwards.</param>
    /// <exception cref="ArgumentException">The buffer has another length.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != 3L * width * height)
        {
            throw new ArgumentException($"{width} x {height} pixels need {3L * width * height} bytes, not {pixels.Length}.", nameof(pixels));
        }

        Width = width;
        Height = height;
        this.pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>All rows, 3 · width · height bytes.</summary>
    public ReadOnlySpan<byte> Pixels => pixels;

    ReadOnlySpan<byte> IPixelRows.ReadRow(int y, Span<byte> buffer)
    {
        Rgba.AddOpaqueAlpha(Row(y), buffer);
        return buffer;
    }

    /// <summary>One row, 3 · width bytes.</summary>
    internal ReadOnlySpan<byte> Row(int y) => pixels.AsSpan(3 * Width * y, 3 * Width);

    /// <summary>Turns the picture upright.</summary>
    /// <param name="orientation">EXIF orientation from 1 (upright as stored) to 8.</param>
    internal RgbImage Orient(int orientation)
    {
        // Where in the stored picture the upright one starts, and the steps that lead one pixel right and one down.
        (int origin, int right, int down) = orientation switch
        {
            1 => (0, 1, Width),
            2 => (Width - 1, -1, Width),
            3 => ((Width * Height) - 1, -1, -Width),
            4 => (Width * (Height - 1), 1, -Width),
            5 => (0, Width, 1),
            6 => (Width * (Height - 1), -Width, 1),
            7 => ((Width * Height) - 1, -Width, -1),
            8 => (Width - 1, Width, -1),
            _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "An EXIF orientation is from 1 to 8."),
        };
        if (orientation == 1)
        {
            return this;
        }

        (int width, int height) = orientation >= 5 ? (Height, Width) : (Width, Height);
        var upright = new byte[pixels.Length];
        int target = 0;
        for (int y = 0; y < height; y++)
        {
            int source = origin + (y * down);
            for (int x = 0; x < width; x++, source += right, target += 3)
            {
                upright[target] = pixels[3 * source];
                upright[target + 1] = pixels[(3 * source) + 1];
                upright[target + 2] = pixels[(3 * source) + 2];
            }
        }

        return new RgbImage(width, height, upright);
    }
}
