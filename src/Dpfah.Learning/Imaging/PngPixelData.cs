using System.Buffers.Binary;
using System.IO.Compression;

namespace Dpfah.Learning.Imaging;

/// <summary>Unpacks the pixel data of a PNG to see that it is whole.</summary>
/// <remarks>For ImageSharp, which makes up rows that are missing, and never ends on an interlaced picture with an empty pass.</remarks>
internal static class PngPixelData
{
    private const int HeaderAt = 16;
    private const int ChunkOverhead = 12;

    // First column and row, and steps, of the seven passes of an interlaced picture.
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    // Narrower than this, the second pass has no column.
    private const int NarrowestInterlaced = 5;

    /// <summary>Throws when the picture is interlaced and so narrow that ImageSharp would never end.</summary>
    /// <exception cref="InvalidDataException">It is so.</exception>
    public static void ThrowIfTooNarrow(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> header = file[HeaderAt..];
        if (header[12] != 0 && BinaryPrimitives.ReadUInt32BigEndian(header) < NarrowestInterlaced)
        {
            throw new InvalidDataException($"The PNG file cannot be decoded: this decoder reads interlaced pictures from {NarrowestInterlaced} pixels of width on.");
        }
    }

    /// <summary>Throws when the data unpacks to fewer bytes than the header declares, or cannot be unpacked.</summary>
    /// <param name="file">A file whose chunks are whole (<see cref="PngHeader"/>).</param>
    /// <exception cref="InvalidDataException">It is so.</exception>
    public static void ThrowIfShort(ReadOnlySpan<byte> file)
    {
        long missing = DeclaredBytes(file[HeaderAt..]);
        using var packed = new MemoryStream();
        for (int position = 8; file.Length - position >= ChunkOverhead;)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(file[position..]);
            ReadOnlySpan<byte> type = file.Slice(position + 4, 4);
            if (type.SequenceEqual("IDAT"u8))
            {
                packed.Write(file.Slice(position + 8, length));
            }
            else if (type.SequenceEqual("IEND"u8))
            {
                break;
            }

            position += ChunkOverhead + length;
        }

        packed.Position = 0;
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        try
        {
            while (missing > 0 && unpacked.Read(buffer) is > 0 and var read)
            {
                missing -= read;
            }
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            // The stream tells some damage, such as a dictionary that is asked for, as an error of reading.
            throw new InvalidDataException("The PNG file cannot be decoded: its pixel data is damaged.", error);
        }

        if (missing > 0)
        {
            throw new InvalidDataException($"The PNG file cannot be decoded whole: its pixel data lacks {missing} bytes.");
        }
    }

    private static long DeclaredBytes(ReadOnlySpan<byte> header)
    {
        uint width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        int samples = header[9] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        long bits = (long)samples * header[8], bytes = 0;
        foreach ((int x, int y, int stepX, int stepY) in header[12] == 0 ? [(0, 0, 1, 1)] : Passes)
        {
            long columns = Math.Max(0, (width - x + stepX - 1L) / stepX), rows = Math.Max(0, (height - y + stepY - 1L) / stepY);
            bytes += columns == 0 ? 0 : rows * (1 + (((columns * bits) + 7) / 8)); // Each row begins with its filter.
        }

        return bytes;
    }
}
