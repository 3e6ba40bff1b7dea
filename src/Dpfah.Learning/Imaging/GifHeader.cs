using System.Buffers.Binary;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads the structure of a GIF: blocks from the screen descriptor to the trailer.</summary>
internal static class GifHeader
{
    private const byte Extension = 0x21;
    private const byte Frame = 0x2C;
    private const byte Trailer = 0x3B;
    private const int ScreenEnd = 13;
    private const int FrameLength = 10;

    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < ScreenEnd)
        {
            throw new InvalidDataException("The GIF file is truncated within its header.");
        }

        int width = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        int height = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        int position = ScreenEnd + ColorTableLength(file[10]);
        int frames = 0;
        string? damage = "The GIF file is truncated: its trailer is missing.";
        while (position < file.Length)
        {
            byte block = file[position];
            if (block == Trailer)
            {
                damage = frames > 0 ? null : "The GIF file has no frame.";
                break;
            }

            if (block == Frame && file.Length - position > FrameLength)
            {
                ReadOnlySpan<byte> frame = file[position..];
                if (frames++ == 0)
                {
                    // A first frame that sticks out of the screen enlarges the picture.
                    width = Math.Max(width, BinaryPrimitives.ReadUInt16LittleEndian(frame[1..]) + BinaryPrimitives.ReadUInt16LittleEndian(frame[5..]));
                    height = Math.Max(height, BinaryPrimitives.ReadUInt16LittleEndian(frame[3..]) + BinaryPrimitives.ReadUInt16LittleEndian(frame[7..]));
                }

                // One more byte: the code size of the data that follows.
                position += FrameLength + ColorTableLength(frame[9]) + 1;
            }
            else if (block == Extension)
            {
                position += 2;
            }
            else
            {
                damage = block == Frame ? damage : $"The GIF file is damaged: there is no block of type {block}.";
                break;
            }

            SkipSubBlocks(file, ref position);
        }

        return new ImageHeader(ImageFormat.Gif, width, height, 1, damage);
    }

    private static int ColorTableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static void SkipSubBlocks(ReadOnlySpan<byte> file, ref int position)
    {
        while (position < file.Length)
        {
            int length = file[position];
            position += length + 1;
            if (length == 0)
            {
                return;
            }
        }
    }
}
