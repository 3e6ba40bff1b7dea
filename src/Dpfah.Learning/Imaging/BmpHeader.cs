using System.Buffers.Binary;

namespace Dpfah.Learning.Imaging;

/// <summary>Reads the headers of a Windows bitmap and checks that its pixels fit into the file.</summary>
internal static class BmpHeader
{
    private const int CoreHeader = 12;
    private const int SmallestInfoEnd = 14 + 40;

    /// <summary>Two letters are little to go by, so the length of the second header must be one of those that exist.</summary>
    public static bool IsBmp(ReadOnlySpan<byte> file) => file.Length >= 18 && file[..2].SequenceEqual("BM"u8)
        && BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) is CoreHeader or 40 or 52 or 56 or 64 or 108 or 124;

    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        bool core = file[14] == CoreHeader;
        if (file.Length < (core ? 14 + CoreHeader : SmallestInfoEnd))
        {
            throw new InvalidDataException("The BMP file is truncated within its header.");
        }

        long width = core ? BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) : BinaryPrimitives.ReadInt32LittleEndian(file[18..]);
        long height = core ? BinaryPrimitives.ReadUInt16LittleEndian(file[20..]) : BinaryPrimitives.ReadInt32LittleEndian(file[22..]);
        int bitsPerPixel = BinaryPrimitives.ReadUInt16LittleEndian(file[(core ? 24 : 28)..]);
        bool runLength = !core && BinaryPrimitives.ReadInt32LittleEndian(file[30..]) is 1 or 2;

        // A negative height means that the rows are stored from the top.
        height = Math.Abs(height);
        if (width is < 1 or > int.MaxValue || height is < 1 or > int.MaxValue)
        {
            throw new InvalidDataException($"The BMP file declares a picture without pixels: {width} x {height}.");
        }

        // Rows are padded to 4 bytes; run-length data has a length of its own.
        decimal pixelBytes = runLength
            ? BinaryPrimitives.ReadUInt32LittleEndian(file[34..])
            : (decimal)(((width * bitsPerPixel) + 31) / 32 * 4) * height;
        bool whole = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]) + pixelBytes <= file.Length;
        return new ImageHeader(
            ImageFormat.Bmp, (int)width, (int)height, 1, whole ? null : "The BMP file is truncated: it is shorter than its pixels.");
    }
}
