using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Reads a picture file as training and evaluation see it: upright, alpha over white, at its full size.</summary>
internal static class PictureFile
{
    private const int HeadBytes = 64;

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp"];

    /// <param name="path">The file.</param>
    /// <param name="decoder">Decodes it.</param>
    /// <exception cref="InvalidDataException">The file cannot be read, is damaged, or declares more than
    /// <see cref="PreviewMaker.DefaultPixelLimit"/> pixels; the message names it.</exception>
    public static RgbImage Read(string path, IImageDecoder decoder)
    {
        try
        {
            return Decode(File.ReadAllBytes(path), decoder);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"The picture '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Whether a file is a picture by its extension or, failing that, by its first bytes. An empty file is none.</summary>
    public static bool IsPicture(FileInfo file)
    {
        // A named pipe has no length either: it is never opened.
        if (file.Length == 0)
        {
            return false;
        }

        if (Extensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        var head = new byte[HeadBytes];
        using FileStream stream = file.OpenRead();
        int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        try
        {
            return ImageHeader.Read(head.AsSpan(0, length)) is not null;
        }
        catch (InvalidDataException)
        {
            // The magic number was found, only the rest was not.
            return true;
        }
    }

    private static RgbImage Decode(byte[] file, IImageDecoder decoder)
    {
        ImageHeader header = ImageHeader.Read(file)
            ?? throw new InvalidDataException($"It is no picture of an accepted format ({ImageFormatNames.All}).");
        if ((long)header.Width * header.Height > PreviewMaker.DefaultPixelLimit)
        {
            throw new InvalidDataException(
                $"It declares {header.Width} x {header.Height} pixels; " +
                $"at most {PreviewMaker.DefaultPixelLimit / 1_000_000} megapixels are accepted.");
        }

        header.ThrowIfDamaged();
        return decoder.Decode(file, header, int.MaxValue).Orient(header.Orientation);
    }
}
