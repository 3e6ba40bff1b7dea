using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Dpfah.Learning.Tests.Imaging.Fuzzing;

/// <summary>
/// A sound file of every kind that is accepted: those in Fixtures, which other programs have written, and beside them what is built
/// here from its specification: PNG of every colour type and bit depth, plain and interlaced, animated PNG, bitmaps of other depths,
/// and files with EXIF that has an orientation and a place.
/// </summary>
internal static class PictureCorpus
{
    /// <summary>Text in the EXIF of <see cref="WithExif"/>.</summary>
    public const string ExifText = "SECRETPLACE";

    private const int Width = 20;
    private const int Height = 13;

    // Colour type and bit depth of each kind that the specification has (table 11.1).
    private static readonly (byte Colour, byte Depth)[] PngKinds =
    [
        (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16),
    ];

    // First column and row, and steps, of the seven passes of an interlaced PNG.
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>All files, with names that say what they are.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Files { get; } =
    [
        .. FixturePicture.Files.Select(file => (file, FixturePicture.Read(file))),
        .. from kind in PngKinds
           from interlaced in (bool[])[false, true]
           select ($"{kind.Colour}-{kind.Depth}{(interlaced ? "-interlaced" : "")}.png", Png(kind.Colour, kind.Depth, interlaced)),
        ("animated.png", AnimatedPng()),
        .. ((short[])[1, 4, 16, 32]).Select(bits => ($"{bits}-bit.bmp", Bmp(bits))),
        .. WithExif,
    ];

    /// <summary>Those with EXIF that has an orientation, a text and a place.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> WithExif => [("exif.jpg", ExifJpeg()), ("exif.png", ExifPng()), ("exif.webp", ExifWebP())];

    /// <summary>A PNG of noise.</summary>
    public static byte[] Png(byte colour, byte depth, bool interlaced, int width = Width, int height = Height)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, colour, (byte)(interlaced ? 1 : 0));
        byte[] palette = [];
        if (colour == 3)
        {
            palette = TestPicture.PngChunk("PLTE"u8, [.. Enumerable.Range(0, 3 << depth).Select(i => (byte)(i * 37))]);
        }

        return
        [
            0x89, .. "PNG\r\n\u001a\n"u8,
            .. TestPicture.PngChunk("IHDR"u8, header),
            .. palette,
            .. TestPicture.PngChunk("IDAT"u8, Rows(colour, depth, interlaced, width, height)),
            .. TestPicture.PngChunk("IEND"u8, []),
        ];
    }

    /// <summary>Packed rows of noise, each with another filter.</summary>
    private static byte[] Rows(byte colour, byte depth, bool interlaced, int width, int height)
    {
        int samples = colour switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        var random = new Random((colour * 100) + depth);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach ((int x, int y, int stepX, int stepY) in interlaced ? Passes : [(0, 0, 1, 1)])
            {
                int columns = (width - x + stepX - 1) / stepX, rows = (height - y + stepY - 1) / stepY;
                for (int row = 0; row < rows && columns > 0; row++)
                {
                    var bytes = new byte[1 + (((columns * samples * depth) + 7) / 8)];
                    random.NextBytes(bytes);
                    bytes[0] = (byte)(row % 5);
                    zlib.Write(bytes);
                }
            }
        }

        return packed.ToArray();
    }

    /// <summary>Two frames: the picture, and a part of it that a reader of still pictures passes over.</summary>
    private static byte[] AnimatedPng()
    {
        byte[] still = Png(2, 8, interlaced: false);
        const int headerEnd = 8 + 25;
        byte[] second = [0, 0, 0, 2, .. Rows(2, 8, interlaced: false, Width, Height)];
        return
        [
            .. still[..headerEnd],
            .. TestPicture.PngChunk("acTL"u8, [0, 0, 0, 2, 0, 0, 0, 0]),
            .. TestPicture.PngChunk("fcTL"u8, FrameControl(0)),
            .. still[headerEnd..^12],
            .. TestPicture.PngChunk("fcTL"u8, FrameControl(1)),
            .. TestPicture.PngChunk("fdAT"u8, second),
            .. still[^12..],
        ];

        static byte[] FrameControl(int sequence)
        {
            byte[] control = new byte[26];
            BinaryPrimitives.WriteInt32BigEndian(control, sequence);
            BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(4), Width);
            BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(8), Height);
            (control[21], control[23]) = (10, 100); // 10 of 100 parts of a second
            return control;
        }
    }

    private static byte[] Bmp(short bits)
    {
        int colours = bits <= 8 ? 1 << bits : 0, stride = ((Width * bits) + 31) / 32 * 4, start = 54 + (4 * colours);
        byte[] file = new byte[start + (stride * Height)];
        new Random(bits).NextBytes(file);
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(6), 0);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), start);
        file.AsSpan(14, 40).Clear();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), Width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), Height);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), bits);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(34), stride * Height);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(46), colours);
        return file;
    }

    private static byte[] ExifJpeg()
    {
        byte[] jpeg = FixturePicture.Read("baseline.jpg"), exif = [.. "Exif\0\0"u8, .. Exif()];
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)((exif.Length + 2) >> 8), (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }

    private static byte[] ExifPng()
    {
        byte[] png = FixturePicture.Read("rgb.png");
        const int headerEnd = 8 + 25;
        return
        [
            .. png[..headerEnd],
            .. TestPicture.PngChunk("eXIf"u8, Exif()),
            .. TestPicture.PngChunk("tEXt"u8, Encoding.Latin1.GetBytes($"Comment\0{ExifText}")),
            .. png[headerEnd..],
        ];
    }

    private static byte[] ExifWebP()
    {
        byte[] simple = FixturePicture.Read("lossless.webp"), exif = Exif();
        exif = exif.Length % 2 == 0 ? exif : [.. exif, 0];
        byte[] canvas = [.. "VP8X"u8, 10, 0, 0, 0, 0x08, 0, 0, 0, FixturePicture.Width - 1, 0, 0, FixturePicture.Height - 1, 0, 0];
        byte[] file = [.. simple[..12], .. canvas, .. simple[12..], .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        return file;
    }

    /// <summary>Little-endian TIFF: an orientation, a text and a directory with a latitude.</summary>
    private static byte[] Exif()
    {
        byte[] text = [.. Encoding.ASCII.GetBytes(ExifText), 0];
        const int textAt = 8 + 2 + (3 * 12) + 4;
        using var tiff = new MemoryStream();
        using var writer = new BinaryWriter(tiff);
        writer.Write("II*\0"u8);
        writer.Write(8);
        writer.Write((ushort)3);
        Entry(0x010E, 2, text.Length, textAt); // ImageDescription
        Entry(0x0112, 3, 1, 6); // Orientation
        Entry(0x8825, 4, 1, textAt + text.Length); // the directory of the place
        writer.Write(0);
        writer.Write(text);
        writer.Write((ushort)1);
        Entry(0x0001, 2, 2, 'N'); // GPSLatitudeRef
        writer.Write(0);
        writer.Flush();
        return tiff.ToArray();

        void Entry(ushort tag, ushort type, int count, int value)
        {
            writer.Write(tag);
            writer.Write(type);
            writer.Write(count);
            writer.Write(value);
        }
    }
}
