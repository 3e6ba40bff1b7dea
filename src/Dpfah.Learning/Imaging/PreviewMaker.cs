using Dpfah.Core.Imaging;

namespace Dpfah.Learning.Imaging;

/// <summary>Turns untrusted bytes into previews.</summary>
/// <remarks>
/// The header is read by our own code before a library sees the file: it bounds what a decoder may allocate and finds
/// truncation, which ImageSharp does not notice. Of a picture more than 4,096 pixels long after shrinking (beyond 16 to 1)
/// the preview keeps the middle: the network's centre crop looks at no more.
/// </remarks>
public sealed class PreviewMaker : IPreviewMaker
{
    /// <summary>Largest length of a preview's shorter side, in pixels.</summary>
    public const int ShorterSide = 256;

    /// <summary>Largest length of a preview's longer side, in pixels.</summary>
    public const int LongestSide = 4096;

    /// <summary>Pixels that a header may declare unless set otherwise.</summary>
    public const int DefaultPixelLimit = 40_000_000;

    /// <summary>Most scans of a JPEG: each costs a pass over all of it.</summary>
    public const int MostScans = JpegHeader.MaxScans;

    /// <summary>The largest limit that can be set.</summary>
    public const int LargestPixelLimit = 100_000_000;

    private const int JpegQuality = 90;

    /// <summary>Most bytes of a JPEG that is taken as a preview: noise of the largest size takes half as many.</summary>
    private const int MostBytes = 4 << 20;

    private readonly IImageDecoder decoder;
    private readonly int pixelLimit;

    /// <summary>Creates a maker of previews.</summary>
    /// <param name="decoder">Reads the pictures and writes the previews.</param>
    /// <param name="pixelLimit">Pixels that a header may declare, from 1 to <see cref="LargestPixelLimit"/>.</param>
    public PreviewMaker(IImageDecoder decoder, int pixelLimit = DefaultPixelLimit)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentOutOfRangeException.ThrowIfLessThan(pixelLimit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pixelLimit, LargestPixelLimit);
        this.decoder = decoder;
        this.pixelLimit = pixelLimit;
    }

    /// <inheritdoc/>
    public string Decoder => decoder.Name;

    /// <inheritdoc/>
    public PreviewResult Make(ReadOnlyMemory<byte> imageBytes)
    {
        try
        {
            if (ImageHeader.Read(imageBytes.Span) is not { } header)
            {
                return PreviewResult.Rejected(
                    ImageRejection.NotAnImage, $"The bytes are no picture of an accepted format ({ImageFormatNames.All}).");
            }

            if ((long)header.Width * header.Height > pixelLimit)
            {
                return PreviewResult.Rejected(
                    ImageRejection.TooManyPixels,
                    $"The picture declares {header.Width} x {header.Height} pixels; at most {pixelLimit / 1e6:0.######} megapixels are accepted.");
            }

            header.ThrowIfDamaged();
            return PreviewResult.Accepted(Encode(Shrink(imageBytes, header).Orient(header.Orientation)));
        }
        catch (InvalidDataException error)
        {
            return PreviewResult.Rejected(ImageRejection.Undecodable, error.Message);
        }
    }

    /// <inheritdoc/>
    public PreviewResult Adopt(byte[] jpeg, string decoder)
    {
        ArgumentNullException.ThrowIfNull(jpeg);
        try
        {
            if (ReadHeader(jpeg) is not { } header)
            {
                return PreviewResult.Rejected(
                    ImageRejection.NotAnImage,
                    $"The bytes are no preview: a JPEG without metadata whose shorter side has at most {ShorterSide} pixels and whose longer side has at most {LongestSide}.");
            }

            PreviewResult decoded = Make(jpeg);
            return decoded.Preview is not null && IsOfOurEncoders(jpeg)
                ? PreviewResult.Accepted(new Preview(jpeg, header.Width, header.Height, decoder))
                : decoded;
        }
        catch (InvalidDataException error)
        {
            return PreviewResult.Rejected(ImageRejection.Undecodable, error.Message);
        }
    }

    /// <inheritdoc/>
    public bool IsSound(Preview preview)
    {
        ArgumentNullException.ThrowIfNull(preview);
        try
        {
            return ReadHeader(preview.Jpeg) is { Damage: null } header
                && (header.Width, header.Height) == (preview.Width, preview.Height)
                && IsOfOurEncoders(preview.Jpeg);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The preview of a picture whose pixels are at hand, as those of a data set.</summary>
    /// <param name="image">The picture, upright.</param>
    public Preview Make(RgbImage image) => Encode(Shrink(image, image.Width, image.Height));

    /// <summary>Decodes a picture whose header was checked and shrinks it to the size of its preview, not yet upright.</summary>
    internal RgbImage Shrink(ReadOnlyMemory<byte> imageBytes, ImageHeader header)
    {
        using DecodedImage stored = decoder.Open(imageBytes, header, 2 * ShorterSide);
        return Shrink(stored, header.Width, header.Height);
    }

    /// <summary>Reads the header of an upright JPEG without metadata that is no larger than a preview.</summary>
    /// <returns>Null when the bytes are none.</returns>
    private static ImageHeader? ReadHeader(byte[] jpeg) =>
        ImageHeader.Read(jpeg) is { Format: ImageFormat.Jpeg, Orientation: 1 } header
        && Math.Min(header.Width, header.Height) <= ShorterSide
        && Math.Max(header.Width, header.Height) <= LongestSide
        && !JpegHeader.HasMetadata(jpeg)
            ? header
            : null;

    /// <summary>Whether a JPEG is coded as our encoders do: what is stored is decoded in the service again and again.</summary>
    private static bool IsOfOurEncoders(byte[] jpeg) => jpeg.Length <= MostBytes && JpegCoding.Read(jpeg) is { IsOfOurEncoders: true };

    private Preview Encode(RgbImage preview) =>
        new(decoder.EncodeJpeg(preview, JpegQuality), preview.Width, preview.Height, decoder.Name);

    private static RgbImage Shrink(IPixelRows stored, int declaredWidth, int declaredHeight)
    {
        // From the declared size, not from that of a scaled decode: both decoders make previews of one size.
        (int width, int height) = Math.Min(declaredWidth, declaredHeight) <= ShorterSide
            ? (declaredWidth, declaredHeight)
            : TriangleResampler.SizeForShorterSide(declaredWidth, declaredHeight, ShorterSide);
        PixelWindow middle = PixelWindow.Centre(width, height, Math.Min(width, LongestSide), Math.Min(height, LongestSide));
        return TriangleResampler.Resize(stored, width, height, middle);
    }
}
