using System.Buffers.Binary;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads the orientation from EXIF metadata, and nothing else of it.</summary>
/// <remarks>Ours, so that both decoders agree and ImageSharp may ignore all metadata.</remarks>
internal static class ExifOrientation
{
    private const int Upright = 1;
    private const int EntryLength = 12;
    private const ushort OrientationTag = 0x0112;
    private const ushort ShortType = 3;

    /// <summary>The orientation in the first directory of a TIFF structure.</summary>
    /// <returns>From 1 to 8; 1 when there is none or it makes no sense.</returns>
    public static int Read(ReadOnlySpan<byte> tiff)
    {
        bool littleEndian = tiff.StartsWith("II*\0"u8);
        if (tiff.Length < 8 || !(littleEndian || tiff.StartsWith("MM\0*"u8)))
        {
            return Upright;
        }

        uint directory = littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return Upright;
        }

        int entries = ReadShort(tiff[(int)directory..], littleEndian);
        ReadOnlySpan<byte> rest = tiff[((int)directory + 2)..];
        for (int i = 0; i < entries && rest.Length >= EntryLength; i++, rest = rest[EntryLength..])
        {
            if (ReadShort(rest, littleEndian) == OrientationTag)
            {
                int value = ReadShort(rest[2..], littleEndian) == ShortType ? ReadShort(rest[8..], littleEndian) : Upright;
                return value is >= 1 and <= 8 ? value : Upright;
            }
        }

        return Upright;
    }

    private static ushort ReadShort(ReadOnlySpan<byte> bytes, bool littleEndian) =>
        littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
