using System.Buffers.Binary;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads the structure of a WebP: the chunks of its RIFF container.</summary>
internal static class WebPHeader
{
    private const int ContainerOverhead = 8;
    private const int FirstChunk = 12;

    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        long declared = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) + (long)ContainerOverhead;
        bool whole = declared <= file.Length;
        ReadOnlySpan<byte> riff = file[..(int)Math.Min(declared, file.Length)];
        int width = 0, height = 0, orientation = 1;
        bool hasPixels = false;
        for (int position = FirstChunk; riff.Length - position >= 8;)
        {
            ReadOnlySpan<byte> type = riff.Slice(position, 4);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(riff[(position + 4)..]);
            int left = riff.Length - position - 8;
            ReadOnlySpan<byte> data = riff.Slice(position + 8, (int)Math.Min(length, left));
            whole &= length <= left;
            if (TryReadSize(type, data, out int chunkWidth, out int chunkHeight))
            {
                // The canvas and the picture on it should agree; a decoder may go by either.
                width = Math.Max(width, chunkWidth);
                height = Math.Max(height, chunkHeight);
            }
            else if (type.SequenceEqual("EXIF"u8))
            {
                orientation = ExifOrientation.Read(data.StartsWith("Exif\0\0"u8) ? data[6..] : data);
            }

            hasPixels |= type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8) || type.SequenceEqual("ANMF"u8);
            if (length > left)
            {
                break;
            }

            // Chunks are padded to an even length.
            position += 8 + (int)length + (int)(length & 1);
        }

        if (width == 0)
        {
            throw new InvalidDataException("The WebP file is truncated within its header.");
        }

        string? damage = !whole ? "The WebP file is truncated: it is shorter than it declares."
            : !hasPixels ? "The WebP file has no pixel data."
            : null;
        return new ImageHeader(ImageFormat.WebP, width, height, orientation, damage);
    }

    private static bool TryReadSize(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, out int width, out int height)
    {
        (width, height) = (0, 0);
        if (type.SequenceEqual("VP8X"u8) && data.Length >= 10)
        {
            width = 1 + (data[4] | (data[5] << 8) | (data[6] << 16));
            height = 1 + (data[7] | (data[8] << 8) | (data[9] << 16));
        }
        else if (type.SequenceEqual("VP8 "u8) && data.Length >= 10)
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF;
            height = BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF;
        }
        else if (type.SequenceEqual("VP8L"u8) && data.Length >= 5)
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
            width = 1 + (int)(bits & 0x3FFF);
            height = 1 + (int)((bits >> 14) & 0x3FFF);
        }

        return width > 0;
    }
}
