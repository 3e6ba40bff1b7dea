namespace Dpfah.Learning.Imaging;

/// <summary>A decoded picture in the memory of the library that decoded it.</summary>
/// <remarks>
/// It is composited over white as its rows are read, so that a large picture exists once and not in the garbage collector's
/// heap: 40 megapixels take 160 MB, not 280.
/// </remarks>
public abstract class DecodedImage : IRgbRows, IDisposable
{
    private protected DecodedImage(int width, int height) => (Width, Height) = (width, height);

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int Height { get; }

    /// <inheritdoc/>
    public abstract void Dispose();

    ReadOnlySpan<byte> IRgbRows.ReadRow(int y, Span<byte> buffer)
    {
        Rgba.CompositeOverWhite(RgbaRow(y), buffer);
        return buffer;
    }

    /// <summary>Copies the whole picture.</summary>
    public RgbImage ToRgbImage()
    {
        var pixels = new byte[3 * Width * Height];
        for (int y = 0; y < Height; y++)
        {
            Rgba.CompositeOverWhite(RgbaRow(y), pixels.AsSpan(3 * Width * y, 3 * Width));
        }

        return new RgbImage(Width, Height, pixels);
    }

    /// <summary>One row, 4 bytes a pixel with straight alpha.</summary>
    private protected abstract ReadOnlySpan<byte> RgbaRow(int y);
}
