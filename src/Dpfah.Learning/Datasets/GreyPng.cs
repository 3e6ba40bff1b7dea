using System.Buffers.Binary;

namespace Dpfah.Learning.Datasets;

/// <summary>Writes grey pictures of 8 bits as PNG without compression.</summary>
/// <remarks>Stored deflate blocks give the same bytes on every machine; a compressor's output changes with its version.</remarks>
internal static class GreyPng
{
    private const int MaxStoredBlock = 65535;
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

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

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits a sample; colour type 0 is grey; compression, filter and interlace methods are 0

        using var png = new MemoryStream();
        png.Write(Signature);
        WriteChunk(png, "IHDR"u8, header);
        WriteChunk(png, "IDAT"u8, Zlib(rows));
        WriteChunk(png, "IEND"u8, []);
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

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        png.Write(word);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, ~Crc32(Crc32(uint.MaxValue, type), data));
        png.Write(word);
    }

    private static uint Crc32(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
            }
        }

        return crc;
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
