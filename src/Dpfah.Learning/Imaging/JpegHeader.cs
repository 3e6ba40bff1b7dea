using System.Buffers.Binary;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads the structure of a JPEG: marker segments, then scans, to the end marker.</summary>
internal static class JpegHeader
{
    public const byte StartOfScan = 0xDA;
    public const byte EndOfImage = 0xD9;

    private const byte App1 = 0xE1;
    private const byte App15 = 0xEF;
    private const byte Comment = 0xFE;

    /// <summary>
    /// A progressive picture has some ten scans. A small file of thousands, each of which is a pass over all pixels, is made to
    /// keep a decoder busy. Skia accepts no more either.
    /// </summary>
    public const int MaxScans = 99;

    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        int width = 0, height = 0, orientation = 1, scans = 0;
        string? damage = "The JPEG file is truncated: its end marker is missing.";
        int position = 2;
        while (TryNextMarker(file, ref position, out byte marker))
        {
            if (marker == EndOfImage)
            {
                // Bytes after the end marker are legal: cameras append previews and videos.
                damage = scans switch
                {
                    0 => "The JPEG file has no scan.",
                    > MaxScans => $"The JPEG file has {scans} scans; at most {MaxScans} are accepted.",
                    _ => null,
                };
                break;
            }

            if (!TryReadSegment(file, ref position, out ReadOnlySpan<byte> segment))
            {
                break;
            }

            if (marker == StartOfScan)
            {
                scans++;
            }
            else if (marker == App1 && orientation == 1 && segment.StartsWith("Exif\0\0"u8))
            {
                orientation = ExifOrientation.Read(segment[6..]);
            }
            else if (IsStartOfFrame(marker) && segment.Length >= 5)
            {
                if (width != 0)
                {
                    throw new InvalidDataException("The JPEG file declares its size twice.");
                }

                height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
                width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
            }
        }

        return width == 0 && damage is not null
            ? throw new InvalidDataException("The JPEG file is truncated within its header.")
            : new ImageHeader(ImageFormat.Jpeg, width, height, orientation, damage);
    }

    /// <summary>Whether a file has a comment, or a segment of an application other than JFIF's, or bytes behind its end.</summary>
    public static bool HasMetadata(ReadOnlySpan<byte> file)
    {
        int position = 2;
        while (TryNextMarker(file, ref position, out byte marker) && marker != EndOfImage)
        {
            if (marker is (>= App1 and <= App15) or Comment || !TryReadSegment(file, ref position, out _))
            {
                return true;
            }
        }

        return position != file.Length;
    }

    /// <summary>C0 to CF, but for the tables DHT, JPG and DAC among them.</summary>
    public static bool IsStartOfFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    /// <summary>Finds the next marker that is no part of a scan's data: neither an escaped FF nor a restart.</summary>
    public static bool TryNextMarker(ReadOnlySpan<byte> file, ref int position, out byte marker)
    {
        while (position < file.Length)
        {
            int offset = file[position..].IndexOf((byte)0xFF);
            if (offset < 0)
            {
                break;
            }

            position += offset + 1;
            if (position < file.Length && file[position] is not (0x00 or 0x01 or (>= 0xD0 and <= 0xD8) or 0xFF))
            {
                marker = file[position++];
                return true;
            }
        }

        marker = 0;
        return false;
    }

    /// <summary>Reads the segment behind a marker, without its length.</summary>
    public static bool TryReadSegment(ReadOnlySpan<byte> file, ref int position, out ReadOnlySpan<byte> segment)
    {
        segment = default;
        if (file.Length - position < 2)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(file[position..]);
        if (length < 2 || length > file.Length - position)
        {
            return false;
        }

        segment = file.Slice(position + 2, length - 2);
        position += length;
        return true;
    }
}
