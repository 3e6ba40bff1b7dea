using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>Picture files for the tests, made here byte by byte so that each is known in full.</summary>
internal static class Pictures
{
    /// <summary>Text in the EXIF block of <see cref="JpegWithExif"/>, beside a position.</summary>
    public const string ExifText = "SECRETPLACE";

    private const int Side = 16;

    /// <summary>A small grey PNG of noise; another for each seed.</summary>
    public static byte[] Png(int seed)
    {
        var pixels = new byte[Side * Side];
        new Random(seed).NextBytes(pixels);
        var rows = new byte[Side * (Side + 1)];
        for (int y = 0; y < Side; y++)
        {
            // The byte in front of each row names filter 0, none.
            pixels.AsSpan(y * Side, Side).CopyTo(rows.AsSpan((y * (Side + 1)) + 1));
        }

        return Png(Side, Side, rows);
    }

    /// <summary>A PNG of some kilobytes that declares any size.</summary>
    public static byte[] PngDeclaring(int width, int height) => Png(width, height, new byte[4_000_000]);

    /// <summary>
    /// A transparent PNG that comes in seven passes, of 40 megapixels: who decodes it holds the picture and, beside it, all that has come so
    /// far, 160 MB each. The file has some hundred kilobytes.
    /// </summary>
    public static byte[] HugeInterlacedPng()
    {
        const int Width = 8000, Height = 5000;
        return Png(Width, Height, colour: 6, interlace: 1, zlib =>
        {
            // Width and height are multiples of 8, so that the passes have 15 rows of 8, and a byte in front of each.
            var empty = new byte[1 << 20];
            for (int left = (4 * Width * Height) + (15 * Height / 8); left > 0; left -= empty.Length)
            {
                zlib.Write(empty.AsSpan(0, Math.Min(left, empty.Length)));
            }
        });
    }

    /// <summary>A picture as JPEG.</summary>
    public static byte[] Jpeg(int seed)
    {
        using SkiaSharp.SKBitmap bitmap = SkiaSharp.SKBitmap.Decode(Png(seed));
        return bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Jpeg, 90).ToArray();
    }

    /// <summary>A JPEG whose scan is there many times.</summary>
    public static byte[] JpegOfScans(int scans)
    {
        byte[] jpeg = Jpeg(1);
        int scan = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        return [.. jpeg[..^2], .. Enumerable.Repeat(jpeg[scan..^2], scans - 1).SelectMany(bytes => bytes), .. jpeg[^2..]];
    }

    /// <summary>A picture as a camera or a shop has it, of 320 x 240 pixels: it takes milliseconds to decode.</summary>
    public static byte[] LargeJpeg(int seed)
    {
        using SkiaSharp.SKBitmap small = SkiaSharp.SKBitmap.Decode(Png(seed));
        using SkiaSharp.SKBitmap large = small.Resize(new SkiaSharp.SKImageInfo(320, 240), new SkiaSharp.SKSamplingOptions(SkiaSharp.SKCubicResampler.Mitchell));
        return large.Encode(SkiaSharp.SKEncodedImageFormat.Jpeg, 90).ToArray();
    }

    /// <summary>A JPEG whose end is missing, as after a broken download.</summary>
    public static byte[] TruncatedJpeg(int seed) => Jpeg(seed)[..^100];

    /// <summary>A JPEG with an EXIF block that has a text and a position.</summary>
    public static byte[] JpegWithExif(int seed)
    {
        byte[] jpeg = Jpeg(seed);
        byte[] exif = Exif();
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(exif.Length + 2));
        return [.. jpeg[..2], 0xFF, 0xE1, .. length, .. exif, .. jpeg[2..]];
    }

    private static byte[] Exif()
    {
        // Little-endian TIFF: directory of two entries at 8, the text at 38, the GPS directory at 50.
        byte[] text = [.. Encoding.ASCII.GetBytes(ExifText), 0];
        using var tiff = new MemoryStream();
        using var writer = new BinaryWriter(tiff);
        writer.Write("II*\0"u8);
        writer.Write(8);
        writer.Write((ushort)2);
        Entry(0x010E, 2, text.Length, 38); // ImageDescription, ASCII
        Entry(0x8825, 4, 1, 38 + text.Length); // offset of the GPS directory
        writer.Write(0);
        writer.Write(text);
        writer.Write((ushort)1);
        Entry(0x0001, 2, 2, 'N'); // GPSLatitudeRef
        writer.Write(0);
        writer.Flush();
        return [.. "Exif\0\0"u8, .. tiff.ToArray()];

        void Entry(ushort tag, ushort type, int count, int value)
        {
            writer.Write(tag);
            writer.Write(type);
            writer.Write(count);
            writer.Write(value);
        }
    }

    private static byte[] Png(int width, int height, byte[] rows) => Png(width, height, colour: 0, interlace: 0, zlib => zlib.Write(rows));

    private static byte[] Png(int width, int height, byte colour, byte interlace, Action<Stream> writeRows)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (8, colour, interlace); // 8 bits a sample; colour type 0 is grey, 6 has alpha
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            writeRows(zlib);
        }

        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        WriteChunk(png, "IHDR"u8, header);
        WriteChunk(png, "IDAT"u8, packed.ToArray());
        WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        png.Write(number);
    }
}
