namespace Dpfah.Learning.Imaging;

/// <summary>An opaque picture that is read row by row: an <see cref="RgbImage"/>, or one in a library's own memory.</summary>
internal interface IRgbRows
{
    /// <summary>Width in pixels.</summary>
    int Width { get; }

    /// <summary>Height in pixels.</summary>
    int Height { get; }

    /// <summary>One row, red, green and blue bytes from the left.</summary>
    /// <param name="y">From 0 at the top.</param>
    /// <param name="buffer">3 · width bytes, for pictures that are not stored like this.</param>
    /// <returns>3 · width bytes: the buffer, or the picture's own memory.</returns>
    ReadOnlySpan<byte> ReadRow(int y, Span<byte> buffer);
}
