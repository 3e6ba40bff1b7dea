using System.Buffers;
using SkiaSharp;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads and writes pictures with Skia; JPEGs with libjpeg-turbo where <see cref="TurboJpeg"/> may be used, to the same pixels.</summary>
internal sealed class SkiaDecoder : IImageDecoder
{
    private const int JpegScaleSteps = 8;

    /// <inheritdoc/>
    public string Name { get; } = ImageDecoders.WithVersion(ImageDecoders.Skia, typeof(SKCodec));

    /// <inheritdoc/>
    public DecodedImage Open(ReadOnlyMemory<byte> file, ImageHeader header, int shorterSide) =>
        header.Format == ImageFormat.Jpeg && TurboJpeg.IsUsable && TurboJpeg.Open(file.Span, header, shorterSide) is { } image
            ? image
            : OpenBySkia(file, header, shorterSide);

    /// <summary>Decodes with Skia alone.</summary>
    internal static unsafe DecodedImage OpenBySkia(ReadOnlyMemory<byte> file, ImageHeader header, int shorterSide)
    {
        // Read where it lies: the codec is gone before the file may move.
        using MemoryHandle pinned = file.Pin();
        using SKData data = SKData.Create((IntPtr)pinned.Pointer, file.Length);
        using SKCodec codec = SKCodec.Create(data)
            ?? throw new InvalidDataException($"The {header.Format.Text()} header cannot be read.");
        if (codec.Info.Width != header.Width || codec.Info.Height != header.Height)
        {
            throw new InvalidDataException(
                $"The {header.Format.Text()} file is ambiguous about its size: {header.Width} x {header.Height} or {codec.Info.Width} x {codec.Info.Height}.");
        }

        bool isJpeg = header.Format == ImageFormat.Jpeg;
        SKSizeI size = isJpeg ? SmallestJpegSize(codec, shorterSide) : codec.Info.Size;

        // No color space in the target: the bytes stay as they are in the file.
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        NativeImage image = isJpeg ? NativeImage.Opaque(size.Width, size.Height) : NativeImage.Transparent(size.Width, size.Height);
        SKCodecResult result = codec.GetPixels(info, image.Pixels);
        if (result != SKCodecResult.Success)
        {
            image.Dispose();
            throw new InvalidDataException($"The {header.Format.Text()} file cannot be decoded whole: {Describe(result)}.");
        }

        return image;
    }

    /// <inheritdoc/>
    public byte[] EncodeJpeg(RgbImage image, int quality) =>
        TurboJpeg.IsUsable ? TurboJpeg.Encode(image, quality) : EncodeJpeg(image, quality, SKJpegEncoderDownsample.Downsample420);

    /// <summary>Encodes with Skia alone.</summary>
    internal static byte[] EncodeJpeg(RgbImage image, int quality, SKJpegEncoderDownsample sampling)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKPixmap pixels = bitmap.PeekPixels();
        Rgba.AddOpaqueAlpha(image.Pixels, pixels.GetPixelSpan());
        using SKData data = pixels.Encode(
                new SKJpegEncoderOptions(quality, sampling, SKJpegEncoderAlphaOption.Ignore))
            ?? throw new InvalidOperationException($"Skia could not encode {image.Width} x {image.Height} pixels as JPEG.");
        return data.ToArray();
    }

    /// <summary>The smallest of a JPEG's own eight scales whose shorter side is long enough.</summary>
    private static SKSizeI SmallestJpegSize(SKCodec codec, int shorterSide)
    {
        for (int step = 1; step < JpegScaleSteps; step++)
        {
            SKSizeI size = codec.GetScaledDimensions((float)step / JpegScaleSteps);
            if (Math.Min(size.Width, size.Height) >= shorterSide)
            {
                return size;
            }
        }

        return codec.Info.Size;
    }

    private static string Describe(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "it is truncated",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => "it is damaged",
        SKCodecResult.InternalError => "it takes more memory than there is",
        _ => $"it is of a kind that Skia does not read ({result})",
    };
}
