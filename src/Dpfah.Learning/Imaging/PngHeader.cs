using System.Buffers.Binary;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads the structure of a PNG: chunks from IHDR to IEND. Checksums are left to the decoder.</summary>
internal static class PngHeader
{
    private const int ChunkOverhead = 12;
    private const int HeaderLength = 13;

    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        int position = 8;
        if (!TryReadChunk(file, ref position, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> header)
            || !type.SequenceEqual("IHDR"u8) || header.Length != HeaderLength)
        {
            throw new InvalidDataException("The PNG file does not begin with a whole header chunk.");
        }

        uint width = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (width > int.MaxValue || height > int.MaxValue)
        {
            throw new InvalidDataException($"The PNG file declares {width} x {height} pixels, more than the format allows.");
        }

        int orientation = 1;
        bool hasData = false;
        string? damage = "The PNG file is truncated: its end chunk is missing.";
        while (TryReadChunk(file, ref position, out type, out ReadOnlySpan<byte> data))
        {
            if (type.SequenceEqual("IEND"u8))
            {
                damage = hasData ? null : "The PNG file has no pixel data.";
                break;
            }

            if (type.SequenceEqual("IHDR"u8))
            {
                throw new InvalidDataException("The PNG file declares its size twice.");
            }

            hasData |= type.SequenceEqual("IDAT"u8);
            if (type.SequenceEqual("eXIf"u8))
            {
                orientation = ExifOrientation.Read(data);
            }
        }

        return new ImageHeader(ImageFormat.Png, (int)width, (int)height, orientation, damage);
    }

    private static bool TryReadChunk(ReadOnlySpan<byte> file, ref int position, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data)
    {
        type = data = default;
        int left = file.Length - position;
        if (left < ChunkOverhead)
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(file[position..]);
        if (length > left - ChunkOverhead)
        {
            return false;
        }

        type = file.Slice(position + 4, 4);
        data = file.Slice(position + 8, (int)length);
        position += ChunkOverhead + (int)length;
        return true;
    }
}
