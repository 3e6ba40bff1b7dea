namespace Dpfah.Learning.Imaging;

/// <summary>An opaque picture that is read row by row: an <see cref="RgbImage"/>, or one in a library's own memory.</summary>
internal interface IPixelRows
{
    /// <summary>Width in pixels.</summary>
    int Width { get; }

    /// <summary>Height in pixels.</summary>
    int Height { get; }

    /// <summary>One row, four bytes a pixel from the left: red, green, blue, and one that says nothing.</summary>
    /// <param name="y">From 0 at the top.</param>
    /// <param name="buffer">4 · width bytes, for pictures that are not stored like this.</param>
    /// <returns>4 · width bytes: the buffer, or the picture's own memory.</returns>
    ReadOnlySpan<byte> ReadRow(int y, Span<byte> buffer);
}
