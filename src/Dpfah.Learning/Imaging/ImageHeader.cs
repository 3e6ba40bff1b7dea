namespace Dpfah.Learning.Imaging;

/// <summary>What a picture file declares about itself, read without decoding a pixel.</summary>
/// <param name="Format">The format, by magic number.</param>
/// <param name="Width">Declared width in pixels, at least 1.</param>
/// <param name="Height">Declared height in pixels, at least 1.</param>
/// <param name="Orientation">EXIF orientation from 1 to 8; 1 when the file has none.</param>
/// <param name="Damage">What is wrong with the container, as a sentence; null when it is whole.</param>
public sealed record ImageHeader(ImageFormat Format, int Width, int Height, int Orientation, string? Damage)
{
    /// <summary>Reads a file's header and follows its structure to the end.</summary>
    /// <returns>Null when the bytes are of no accepted format.</returns>
    /// <exception cref="InvalidDataException">The file does not say how large the picture is.</exception>
    public static ImageHeader? Read(ReadOnlySpan<byte> file)
    {
        ImageHeader? header = file switch
        {
            [0xFF, 0xD8, 0xFF, ..] => JpegHeader.Read(file),
            [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => PngHeader.Read(file),
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => GifHeader.Read(file),
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => WebPHeader.Read(file),
            _ when BmpHeader.IsBmp(file) => BmpHeader.Read(file),
            _ => null,
        };
        return header is { Width: < 1 } or { Height: < 1 }
            ? throw new InvalidDataException($"The {header.Format.Text()} file declares a picture without pixels: {header.Width} x {header.Height}.")
            : header;
    }

    /// <summary>Throws when the container is not whole.</summary>
    /// <exception cref="InvalidDataException">The file is truncated or its structure is damaged.</exception>
    public void ThrowIfDamaged()
    {
        if (Damage is not null)
        {
            throw new InvalidDataException(Damage);
        }
    }
}
