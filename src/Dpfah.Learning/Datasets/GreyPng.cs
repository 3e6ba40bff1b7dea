using System.Buffers.Binary;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Writes grey pictures of 8 bits as PNG without compression.</summary>
/// <remarks>Stored deflate blocks give the same bytes on every machine; a compressor's output changes with its version.</remarks>
internal static class GreyPng
{
    private const int MaxStoredBlock = 65535;

    /// <param name="pixels">Row by row, <paramref name="width"/> bytes a row; with one byte more a row at most 65,535.</param>
    /// <param name="width">Pixels in a row.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int width)
    {
        int height = pixels.Length / width;
        var rows = new byte[height * (1 + width)];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Length, MaxStoredBlock, nameof(pixels));
        for (int y = 0; y < height; y++)
        {
            // Filter type 0 (none) in front of each row.
            pixels.Slice(y * width, width).CopyTo(rows.AsSpan((y * (1 + width)) + 1));
        }

        using MemoryStream png = PngChunks.Begin(width, height, colourType: 0); // grey
        PngChunks.Write(png, "IDAT"u8, Zlib(rows));
        PngChunks.Write(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static byte[] Zlib(ReadOnlySpan<byte> data)
    {
        var zlib = new byte[2 + 5 + data.Length + 4];
        zlib[0] = 0x78;
        zlib[1] = 0x01;
        zlib[2] = 0x01; // last block, stored
        BinaryPrimitives.WriteUInt16LittleEndian(zlib.AsSpan(3), (ushort)data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(zlib.AsSpan(5), (ushort)~data.Length);
        data.CopyTo(zlib.AsSpan(7));
        BinaryPrimitives.WriteUInt32BigEndian(zlib.AsSpan(7 + data.Length), Adler32(data));
        return zlib;
    }

    private static uint Adler32(ReadOnlySpan<byte> data)
    {
        uint a = 1;
        uint b = 0;
        foreach (byte value in data)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        return (b << 16) | a;
    }
}
