using System.Buffers;

namespace Dpfah.Learning.Imaging;

/// <summary>The antialiased triangle filter that Pillow and torchvision call bilinear.</summary>
/// <remarks>
/// Bit for bit Pillow's arithmetic for bytes: first along the rows, then along the columns; weights in fixed point;
/// rounded to bytes after each pass. Source: Pillow, src/libImaging/Resample.c.
/// </remarks>
internal static class TriangleResampler
{
    /// <summary>The size of a picture whose shorter side is <paramref name="side"/>; the longer one is cut to whole pixels, as torchvision does.</summary>
    public static (int Width, int Height) SizeForShorterSide(int width, int height, int side) => width <= height
        ? (side, checked((int)((long)side * height / width)))
        : (checked((int)((long)side * width / height)), side);

    /// <summary>Resizes a picture.</summary>
    public static RgbImage Resize(RgbImage source, int width, int height) => Resize(source, width, height, new PixelWindow(0, 0, width, height));

    /// <summary>Resizes a picture and crops it, computing only the pixels inside the crop.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="width">Width of the whole resized picture.</param>
    /// <param name="height">Height of the whole resized picture.</param>
    /// <param name="window">The part of the resized picture that is wanted.</param>
    public static RgbImage Resize(RgbImage source, int width, int height, PixelWindow window)
    {
        if (width == source.Width && height == source.Height)
        {
            return window == new PixelWindow(0, 0, width, height) ? source : source.Crop(window);
        }

        var columns = new TriangleWeights(source.Width, width, window.Left, window.Width);
        var rows = new TriangleWeights(source.Height, height, window.Top, window.Height);
        int rowBytes = 3 * window.Width;
        byte[] narrowed = ArrayPool<byte>.Shared.Rent(rowBytes * (rows.SourceEnd - rows.SourceStart));
        int[] sums = ArrayPool<int>.Shared.Rent(rowBytes);
        var result = new byte[rowBytes * window.Height];

        for (int y = rows.SourceStart; y < rows.SourceEnd; y++)
        {
            Narrow(source.Row(y), columns, narrowed.AsSpan(rowBytes * (y - rows.SourceStart), rowBytes));
        }

        for (int y = 0; y < window.Height; y++)
        {
            ReadOnlySpan<int> weights = rows.Of(y, out int first);
            Combine(narrowed.AsSpan(rowBytes * (first - rows.SourceStart)), weights, sums.AsSpan(0, rowBytes), result.AsSpan(rowBytes * y, rowBytes));
        }

        ArrayPool<int>.Shared.Return(sums);
        ArrayPool<byte>.Shared.Return(narrowed);
        return new RgbImage(window.Width, window.Height, result);
    }

    /// <summary>Resamples one row.</summary>
    private static void Narrow(ReadOnlySpan<byte> source, TriangleWeights columns, Span<byte> target)
    {
        for (int x = 0; x < columns.Count; x++)
        {
            ReadOnlySpan<int> weights = columns.Of(x, out int first);
            ReadOnlySpan<byte> pixels = source.Slice(3 * first, 3 * weights.Length);
            int red = TriangleWeights.Half, green = TriangleWeights.Half, blue = TriangleWeights.Half;
            for (int i = 0; i < weights.Length; i++)
            {
                red += weights[i] * pixels[3 * i];
                green += weights[i] * pixels[(3 * i) + 1];
                blue += weights[i] * pixels[(3 * i) + 2];
            }

            target[3 * x] = ToByte(red);
            target[(3 * x) + 1] = ToByte(green);
            target[(3 * x) + 2] = ToByte(blue);
        }
    }

    /// <summary>One row of the result: the weighted sum of consecutive rows.</summary>
    private static void Combine(ReadOnlySpan<byte> rows, ReadOnlySpan<int> weights, Span<int> sums, Span<byte> target)
    {
        sums.Fill(TriangleWeights.Half);
        for (int i = 0; i < weights.Length; i++)
        {
            int weight = weights[i];
            ReadOnlySpan<byte> row = rows.Slice(i * sums.Length, sums.Length);
            for (int j = 0; j < sums.Length; j++)
            {
                sums[j] += weight * row[j];
            }
        }

        for (int j = 0; j < target.Length; j++)
        {
            target[j] = ToByte(sums[j]);
        }
    }

    private static byte ToByte(int sum) => (byte)Math.Clamp(sum >> TriangleWeights.PrecisionBits, 0, 255);
}
