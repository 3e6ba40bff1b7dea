using System.Buffers.Binary;
using System.IO.Compression;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

/// <summary>Makes pictures, writes them as PNG, and compares them.</summary>
internal static class TestPicture
{
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static TheoryData<string> Decoders() => new(ImageDecoders.Names);

    public static RgbImage Make(int width, int height, Func<int, int, (int Red, int Green, int Blue)> formula)
    {
        var pixels = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++)
        {
            (int red, int green, int blue) = formula(i % width, i / width);
            (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = ((byte)red, (byte)green, (byte)blue);
        }

        return new RgbImage(width, height, pixels);
    }

    /// <summary>Smooth colors without symmetry, as large as wanted.</summary>
    public static RgbImage Gradient(int width, int height) =>
        Make(width, height, (x, y) => (x * 255 / width, y * 255 / height, (x + (2 * y)) * 255 / (width + (2 * height))));

    public static RgbImage Noise(int width, int height, int seed)
    {
        var pixels = new byte[3 * width * height];
        new Random(seed).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }

    public static byte[] ToPng(RgbImage image)
    {
        var rows = new byte[((3 * image.Width) + 1) * image.Height];
        for (int y = 0; y < image.Height; y++)
        {
            image.Row(y).CopyTo(rows.AsSpan((((3 * image.Width) + 1) * y) + 1));
        }

        return Png((uint)image.Width, (uint)image.Height, rows);
    }

    /// <summary>A PNG of 8-bit RGB that declares a size, whatever its rows hold.</summary>
    public static byte[] Png(uint width, uint height, byte[] rows)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        return [.. PngSignature, .. PngChunk("IHDR"u8, header), .. PngChunk("IDAT"u8, data.ToArray()), .. PngChunk("IEND"u8, [])];
    }

    public static byte[] PngChunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[data.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(data.Length + 8), Crc32(chunk.AsSpan(4, data.Length + 4)));
        return chunk;
    }

    /// <summary>Decodes a file by way of its header, without the preview.</summary>
    public static RgbImage Decode(byte[] file, string decoder, int shorterSide = int.MaxValue) =>
        ImageDecoders.Create(decoder).Decode(file, ImageHeader.Read(file)!, shorterSide);

    public static Preview MakePreview(byte[] file, string decoder)
    {
        PreviewResult result = new PreviewMaker(ImageDecoders.Create(decoder)).Make(file);
        Assert.True(result.Preview is not null, result.Detail);
        return result.Preview!;
    }

    public static double MeanDifference(RgbImage expected, RgbImage actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        long sum = 0;
        for (int i = 0; i < expected.Pixels.Length; i++)
        {
            sum += Math.Abs(expected.Pixels[i] - actual.Pixels[i]);
        }

        return (double)sum / expected.Pixels.Length;
    }

    public static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
            }
        }

        return ~crc;
    }
}
