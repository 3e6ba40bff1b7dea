using System.Buffers;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads and writes pictures with Skia.</summary>
internal sealed class SkiaDecoder : IImageDecoder
{
    private const int JpegScaleSteps = 8;

    /// <inheritdoc/>
    public string Name { get; } = ImageDecoders.WithVersion(ImageDecoders.Skia, typeof(SKCodec));

    /// <inheritdoc/>
    public unsafe DecodedImage Open(ReadOnlyMemory<byte> file, ImageHeader header, int shorterSide)
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
        var image = new SkiaImage(size.Width, size.Height, isJpeg);
        SKCodecResult result = codec.GetPixels(info, image.Pixels);
        if (result != SKCodecResult.Success)
        {
            image.Dispose();
            throw new InvalidDataException($"The {header.Format.Text()} file cannot be decoded whole: {Describe(result)}.");
        }

        return image;
    }

    /// <inheritdoc/>
    public byte[] EncodeJpeg(RgbImage image, int quality)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKPixmap pixels = bitmap.PeekPixels();
        Rgba.AddOpaqueAlpha(image.Pixels, pixels.GetPixelSpan());
        using SKData data = pixels.Encode(
                new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore))
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
        _ => $"it is of a kind that Skia does not read ({result})",
    };

    /// <summary>Pixels in memory of our own; those of a JPEG, all of which are written or none is looked at, are not cleared before.</summary>
    private sealed unsafe class SkiaImage(int width, int height, bool isJpeg) : DecodedImage(width, height, isOpaque: isJpeg)
    {
        private byte* pixels = (byte*)(isJpeg
            ? NativeMemory.Alloc((nuint)width * (nuint)height, 4)
            : NativeMemory.AllocZeroed((nuint)width * (nuint)height, 4));

        public IntPtr Pixels => (IntPtr)pixels;

        public override void Dispose()
        {
            NativeMemory.Free(pixels);
            pixels = null;
        }

        private protected override ReadOnlySpan<byte> RgbaRow(int y) => new(pixels + (4L * Width * y), 4 * Width);
    }
}
