using System.Buffers;

namespace Dpfah.Learning.Imaging;

/// <summary>A decoded picture in the memory of the library that decoded it.</summary>
/// <remarks>
/// It is composited over white as its rows are read, so that a large picture exists once and not in the garbage collector's
/// heap: 40 megapixels take 160 MB, not 280. Rows of an opaque picture are not even copied.
/// </remarks>
public abstract class DecodedImage : IPixelRows, IDisposable
{
    private readonly bool isOpaque;

    private protected DecodedImage(int width, int height, bool isOpaque) => (Width, Height, this.isOpaque) = (width, height, isOpaque);

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int Height { get; }

    /// <inheritdoc/>
    public abstract void Dispose();

    ReadOnlySpan<byte> IPixelRows.ReadRow(int y, Span<byte> buffer) => ReadRow(y, buffer);

    /// <summary>Copies the whole picture.</summary>
    public RgbImage ToRgbImage()
    {
        var pixels = new byte[3 * Width * Height];
        byte[] buffer = ArrayPool<byte>.Shared.Rent(4 * Width);
        for (int y = 0; y < Height; y++)
        {
            Rgba.DropAlpha(ReadRow(y, buffer.AsSpan(0, 4 * Width)), pixels.AsSpan(3 * Width * y, 3 * Width));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return new RgbImage(Width, Height, pixels);
    }

    /// <summary>One row, 4 bytes a pixel with straight alpha.</summary>
    private protected abstract ReadOnlySpan<byte> RgbaRow(int y);

    private ReadOnlySpan<byte> ReadRow(int y, Span<byte> buffer)
    {
        ReadOnlySpan<byte> row = RgbaRow(y);
        if (isOpaque)
        {
            return row;
        }

        Rgba.CompositeOverWhite(row, buffer);
        return buffer;
    }
}
