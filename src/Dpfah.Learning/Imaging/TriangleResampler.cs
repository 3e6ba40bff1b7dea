using System.Buffers;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>Resizes a picture and crops it.</summary>
    /// <inheritdoc cref="Resize(IPixelRows, int, int, PixelWindow, Span{byte})"/>
    public static RgbImage Resize(IPixelRows source, int width, int height, PixelWindow window)
    {
        var pixels = new byte[window.Pixels * 3];
        Resize(source, width, height, window, pixels);
        return new RgbImage(window.Width, window.Height, pixels);
    }

    /// <summary>Resizes a picture and crops it, computing only the pixels inside the crop.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="width">Width of the whole resized picture.</param>
    /// <param name="height">Height of the whole resized picture.</param>
    /// <param name="window">The part of the resized picture that is wanted.</param>
    /// <param name="target">Its pixels, 3 bytes each.</param>
    public static void Resize(IPixelRows source, int width, int height, PixelWindow window, Span<byte> target) =>
        Resize(source, width, height, window, target, RowFilter.WidestVector);

    /// <summary>The same with vectors of a given width, which gives the same bytes: for tests.</summary>
    internal static void Resize(IPixelRows source, int width, int height, PixelWindow window, Span<byte> target, int vectorBits)
    {
        if (width == source.Width && height == source.Height)
        {
            Crop(source, window, target);
        }
        else
        {
            Resample(source, width, height, window, target, vectorBits);
        }
    }

    private static void Crop(IPixelRows source, PixelWindow window, Span<byte> target)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(4 * source.Width);
        for (int y = 0; y < window.Height; y++)
        {
            ReadOnlySpan<byte> row = source.ReadRow(window.Top + y, buffer.AsSpan(0, 4 * source.Width));
            Rgba.DropAlpha(row.Slice(4 * window.Left, 4 * window.Width), target.Slice(3 * window.Width * y, 3 * window.Width));
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static void Resample(IPixelRows source, int width, int height, PixelWindow window, Span<byte> target, int vectorBits)
    {
        using var columns = new TriangleWeights(source.Width, width, window.Left, window.Width, RowFilter.Group);
        using var rows = new TriangleWeights(source.Height, height, window.Top, window.Height, 1);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(4 * Math.Max(source.Width, columns.MostWeights));
        int rowBytes = 3 * window.Width;
        byte[] intermediate = ArrayPool<byte>.Shared.Rent((rowBytes * (rows.SourceEnd - rows.SourceStart)) + RowFilter.Overrun);
        for (int y = rows.SourceStart; y < rows.SourceEnd; y++)
        {
            ReadOnlySpan<byte> row = source.ReadRow(y, buffer.AsSpan(0, 4 * source.Width));
            if (source.Width < columns.MostWeights)
            {
                // The filter reads on, with weights of zero.
                row.CopyTo(buffer);
                row = buffer;
            }

            RowFilter.Run(row, columns, intermediate.AsSpan(rowBytes * (y - rows.SourceStart), rowBytes + RowFilter.Overrun), vectorBits);
        }

        for (int y = 0; y < window.Height; y++)
        {
            ReadOnlySpan<uint> weights = rows.Of(y, out int first);
            CombineRows(intermediate.AsSpan(rowBytes * (first - rows.SourceStart)), weights, target.Slice(rowBytes * y, rowBytes), vectorBits);
        }

        ArrayPool<byte>.Shared.Return(intermediate);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>One row of the result: the weighted sum of consecutive rows.</summary>
    private static void CombineRows(ReadOnlySpan<byte> rows, ReadOnlySpan<uint> weights, Span<byte> target, int vectorBits)
    {
        int done = 0;
        if (vectorBits == 512)
        {
            for (; done <= target.Length - Vector128<byte>.Count; done += Vector128<byte>.Count)
            {
                Vector512<uint> sum = Vector512.Create(TriangleWeights.Half);
                for (int i = 0; i < weights.Length; i++)
                {
                    Vector128<byte> bytes = Vector128.Create(rows.Slice((i * target.Length) + done, Vector128<byte>.Count));
                    sum += Avx512F.ConvertToVector512UInt32(bytes) * weights[i];
                }

                Avx512F.ConvertToVector128ByteWithSaturation(sum >> TriangleWeights.PrecisionBits).CopyTo(target[done..]);
            }
        }

        for (; done <= target.Length - Vector128<byte>.Count; done += Vector128<byte>.Count)
        {
            Vector128<uint> sum0, sum1, sum2, sum3;
            sum0 = sum1 = sum2 = sum3 = Vector128.Create(TriangleWeights.Half);
            for (int i = 0; i < weights.Length; i++)
            {
                Vector128<byte> bytes = Vector128.Create(rows.Slice((i * target.Length) + done, Vector128<byte>.Count));
                (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(bytes);
                sum0 += Vector128.WidenLower(lower) * weights[i];
                sum1 += Vector128.WidenUpper(lower) * weights[i];
                sum2 += Vector128.WidenLower(upper) * weights[i];
                sum3 += Vector128.WidenUpper(upper) * weights[i];
            }

            Vector128.NarrowWithSaturation(
                Vector128.NarrowWithSaturation(sum0 >> TriangleWeights.PrecisionBits, sum1 >> TriangleWeights.PrecisionBits),
                Vector128.NarrowWithSaturation(sum2 >> TriangleWeights.PrecisionBits, sum3 >> TriangleWeights.PrecisionBits))
                .CopyTo(target[done..]);
        }

        for (; done < target.Length; done++)
        {
            uint sum = TriangleWeights.Half;
            for (int i = 0; i < weights.Length; i++)
            {
                sum += rows[(i * target.Length) + done] * weights[i];
            }

            target[done] = ToByte(sum);
        }
    }

    private static byte ToByte(uint sum) => (byte)Math.Min(sum >> TriangleWeights.PrecisionBits, 255);
}
