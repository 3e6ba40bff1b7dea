using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Advanced;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads and writes pictures with ImageSharp 2.1.</summary>
/// <remarks>
/// The decoder is chosen by our own look at the format, so no other decoder of the library is ever reached, and it ignores
/// metadata, color profiles among it: the open advisories against ImageSharp 2 are in TIFF and in color profiles.
/// Known differences from Skia: it cannot read animated WebP, nor interlaced PNG of up to 4 pixels of width; what an opaque first frame of a GIF leaves uncovered is black, not white.
/// </remarks>
internal sealed class ImageSharpDecoder : IImageDecoder
{
    // The largest accepted picture needs 4 bytes a pixel in one piece; see PreviewMaker.LargestPixelLimit.
    private const int AllocationLimitMegabytes = 512;

    // Of memory that is kept for the next picture; the library's own limit is an eighth of the machine's.
    private const int PoolMegabytes = 64;

    private readonly Configuration configuration = new(
        new JpegConfigurationModule(), new PngConfigurationModule(), new GifConfigurationModule(), new BmpConfigurationModule(), new WebpConfigurationModule())
    {
        MaxDegreeOfParallelism = 1,
        MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions
        {
            AllocationLimitMegabytes = AllocationLimitMegabytes,
            MaximumPoolSizeMegabytes = PoolMegabytes,
        }),
    };

    /// <inheritdoc/>
    public string Name { get; } = ImageDecoders.WithVersion(ImageDecoders.ImageSharp, typeof(Image));

    /// <inheritdoc/>
    public DecodedImage Open(ReadOnlyMemory<byte> file, ImageHeader header, int shorterSide)
    {
        var image = new ImageSharpImage(Load(file.Span, header.Format), header.Format == ImageFormat.Jpeg);
        if (image.Width != header.Width || image.Height != header.Height)
        {
            image.Dispose();
            throw new InvalidDataException(
                $"The {header.Format.Text()} file is ambiguous about its size: {header.Width} x {header.Height} or {image.Width} x {image.Height}.");
        }

        return image;
    }

    /// <inheritdoc/>
    public byte[] EncodeJpeg(RgbImage image, int quality)
    {
        using Image<Rgb24> pixels = Image.LoadPixelData<Rgb24>(configuration, image.Pixels, image.Width, image.Height);
        using var stream = new MemoryStream();
        pixels.Save(stream, new JpegEncoder { Quality = quality, ColorType = JpegColorType.YCbCrRatio420 });
        return stream.ToArray();
    }

    private Image<Rgba32> Load(ReadOnlySpan<byte> file, ImageFormat format)
    {
        if (format == ImageFormat.Png)
        {
            PngPixelData.ThrowIfTooNarrow(file);
            PngPixelData.ThrowIfShort(file);
        }

        SixLabors.ImageSharp.Formats.IImageDecoder decoder = format switch
        {
            ImageFormat.Jpeg => new JpegDecoder { IgnoreMetadata = true },
            ImageFormat.Png => new PngDecoder { IgnoreMetadata = true },
            ImageFormat.Gif => new GifDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First },
            ImageFormat.Bmp => new BmpDecoder(),
            ImageFormat.WebP => new WebpDecoder { IgnoreMetadata = true },
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such format."),
        };
        try
        {
            return Image.Load<Rgba32>(configuration, file, decoder);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Beside its own exceptions, which speak to people, the library lets those of its loops through (index, overflow).
            string reason = error is ImageFormatException or NotSupportedException ? error.Message.TrimEnd('.') : "it is damaged";
            throw new InvalidDataException($"The {format.Text()} file cannot be decoded: {reason}.", error);
        }
    }

    private sealed class ImageSharpImage(Image<Rgba32> image, bool isOpaque) : DecodedImage(image.Width, image.Height, isOpaque)
    {
        public override void Dispose() => image.Dispose();

        private protected override ReadOnlySpan<byte> RgbaRow(int y) => MemoryMarshal.AsBytes(image.DangerousGetPixelRowMemory(y).Span);
    }
}
