using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SkiaSharp;

namespace Dpfah.Learning.Imaging;

/// <summary>
/// JPEGs by the system's libjpeg-turbo, where it is installed: the same library that Skia carries, but built with the vector instructions that
/// Skia's build for x64 leaves out.
/// </summary>
/// <remarks>
/// It is taken only when it gives Skia's very pixels in a trial of every scale, and only for files that are coded as any version of it reads
/// alike (<see cref="JpegCoding.IsCommon"/>), so that codes do not depend on whether and in which version it is there. Whatever it
/// stumbles over, be it a warning, is left to Skia, which decides what is refused; of a damaged file that neither notices, pixels differ where
/// its values overflow. Source: turbojpeg.h, version 2 of its interface, which later versions keep.
/// </remarks>
internal static partial class TurboJpeg
{
    private const string Library = "libturbojpeg.so.0";
    private const int Rgb = 0, Rgba = 7;
    private const int Sampling420 = 2;
    private const int YCbCr = 1, Grey = 2;
    private const int NoReallocation = 1 << 10, AccurateDct = 1 << 12, StopOnWarning = 1 << 13;
    private const int ScaleSteps = 8;

    private static readonly Lazy<bool> Usable = new(() => OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Library, out _) && GivesPixelsOfSkia());

    /// <summary>Whether the library is installed and agrees with Skia.</summary>
    public static bool IsUsable => Usable.Value;

    /// <summary>Decodes a JPEG at the smallest of its own eight scales whose shorter side is long enough.</summary>
    /// <param name="file">The file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="shorterSide">Least length of the shorter side, unless the picture itself is smaller.</param>
    /// <returns>The picture; null when it is coded in a way that is left to Skia, or there was anything to complain about.</returns>
    public static unsafe DecodedImage? Open(ReadOnlySpan<byte> file, ImageHeader header, int shorterSide)
    {
        if (JpegCoding.Read(file) is not { IsCommon: true })
        {
            return null;
        }

        nint decompressor = InitDecompress();
        if (decompressor == 0)
        {
            return null;
        }

        NativeImage? image = null;
        try
        {
            fixed (byte* bytes = file)
            {
                if (DecompressHeader(decompressor, bytes, (nuint)file.Length, out int width, out int height, out int sampling, out int colorSpace) != 0
                    || width != header.Width || height != header.Height || sampling < 0 || colorSpace is not (YCbCr or Grey))
                {
                    return null;
                }

                (width, height) = SmallestSize(width, height, shorterSide);
                image = NativeImage.Opaque(width, height);
                if (Decompress(
                    decompressor, bytes, (nuint)file.Length, (byte*)image.Pixels, width, 4 * width, height, Rgba, AccurateDct | StopOnWarning) != 0)
                {
                    image.Dispose();
                    return null;
                }

                return image;
            }
        }
        catch
        {
            image?.Dispose();
            throw;
        }
        finally
        {
            Destroy(decompressor);
        }
    }

    /// <summary>Encodes as <see cref="IImageDecoder.EncodeJpeg"/> does.</summary>
    public static unsafe byte[] Encode(RgbImage image, int quality)
    {
        nint compressor = InitCompress();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked((int)BufferSize(image.Width, image.Height, Sampling420)));
        try
        {
            fixed (byte* pixels = image.Pixels)
            fixed (byte* target = buffer)
            {
                byte* jpeg = target;
                var size = (nuint)buffer.Length;
                return compressor != 0 && Compress(
                    compressor, pixels, image.Width, 3 * image.Width, image.Height, Rgb, &jpeg, &size, Sampling420, quality, NoReallocation | AccurateDct) == 0
                    ? buffer.AsSpan(0, (int)size).ToArray()
                    : throw new InvalidOperationException($"libjpeg-turbo could not encode {image.Width} x {image.Height} pixels as JPEG.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (compressor != 0)
            {
                Destroy(compressor);
            }
        }
    }

    /// <summary>The smallest of a JPEG's own eight scales whose shorter side is long enough.</summary>
    private static (int Width, int Height) SmallestSize(int width, int height, int shorterSide)
    {
        for (int step = 1; step < ScaleSteps; step++)
        {
            (int scaledWidth, int scaledHeight) = (Scaled(width, step), Scaled(height, step));
            if (Math.Min(scaledWidth, scaledHeight) >= shorterSide)
            {
                return (scaledWidth, scaledHeight);
            }
        }

        return (width, height);
    }

    private static int Scaled(int length, int step) => (int)((((long)length * step) + ScaleSteps - 1) / ScaleSteps);

    /// <summary>Tries pictures of every sampling that Skia writes, at every scale, and pictures that come back from both encoders.</summary>
    private static bool GivesPixelsOfSkia()
    {
        const int width = 168, height = 120;
        var pixels = new byte[3 * width * height];
        byte[] noise = SHA256.HashData("edges, noise and areas"u8);
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i / 3 % width, y = i / 3 / width;
            pixels[i] = (byte)(x / 40 % 2 == 0 ? noise[((31 * i) + (7 * y)) % noise.Length] : (x * (1 + (i % 3))) + y);
        }

        var image = new RgbImage(width, height, pixels);
        foreach (SKJpegEncoderDownsample sampling in Enum.GetValues<SKJpegEncoderDownsample>())
        {
            byte[] file = SkiaDecoder.EncodeJpeg(image, 90, sampling);
            ImageHeader header = ImageHeader.Read(file)!;
            for (int step = 1; step <= ScaleSteps; step++)
            {
                if (!IsSame(file, header, Scaled(height, step)))
                {
                    return false;
                }
            }
        }

        byte[] ours = Encode(image, 90), theirs = SkiaDecoder.EncodeJpeg(image, 90, SKJpegEncoderDownsample.Downsample420);
        using DecodedImage mine = SkiaDecoder.OpenBySkia(ours, ImageHeader.Read(ours)!, int.MaxValue);
        using DecodedImage other = SkiaDecoder.OpenBySkia(theirs, ImageHeader.Read(theirs)!, int.MaxValue);
        return mine.ToRgbImage().Pixels.SequenceEqual(other.ToRgbImage().Pixels);
    }

    private static bool IsSame(byte[] file, ImageHeader header, int shorterSide)
    {
        using DecodedImage? ours = Open(file, header, shorterSide);
        using DecodedImage theirs = SkiaDecoder.OpenBySkia(file, header, shorterSide);
        return ours is not null && ours.Width == theirs.Width && ours.ToRgbImage().Pixels.SequenceEqual(theirs.ToRgbImage().Pixels);
    }

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    private static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjInitCompress")]
    private static partial nint InitCompress();

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    private static partial void Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjBufSize")]
    private static partial nuint BufferSize(int width, int height, int sampling);

    [LibraryImport(Library, EntryPoint = "tjDecompressHeader3")]
    private static unsafe partial int DecompressHeader(
        nint handle, byte* jpeg, nuint size, out int width, out int height, out int sampling, out int colorSpace);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    private static unsafe partial int Decompress(
        nint handle, byte* jpeg, nuint size, byte* target, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library, EntryPoint = "tjCompress2")]
    private static unsafe partial int Compress(
        nint handle, byte* source, int width, int pitch, int height, int pixelFormat, byte** jpeg, nuint* size, int sampling, int quality, int flags);
}
