using System.Buffers.Binary;

namespace Dpfah.Learning.Tests.Imaging.Fuzzing;

/// <summary>Damages a sound file as chance or malice might: the same number gives the same file.</summary>
internal static class PictureMutation
{
    private static readonly uint[] Interesting =
        [0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 512, 1023, 4095, 4096, 6000, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF];

    /// <summary>One damaged file.</summary>
    /// <param name="number">Names it, together with the corpus.</param>
    /// <returns>The file, and the name of the one that it was made of.</returns>
    public static (string Source, byte[] Bytes) Make(int number)
    {
        var random = new Random(number);
        (string name, byte[] source) = Any(random);
        byte[] file = [.. source];
        for (int i = random.Next(4) == 0 ? random.Next(2, 5) : 1; i > 0; i--)
        {
            file = random.Next(10) switch
            {
                0 or 1 => FlipBits(random, file),
                2 => Overwrite(random, file),
                3 => file[..random.Next(file.Length + 1)],
                4 => Splice(random, file, Any(random).Bytes),
                5 => Repeat(random, file),
                6 => Remove(random, file),
                7 => Lie(random, file, random.Next(file.Length + 1)),
                _ => Resize(random, file),
            };
        }

        // Otherwise most damage of a PNG is found by its checksums, and never gets anywhere.
        return (name, random.Next(3) > 0 && name.EndsWith(".png", StringComparison.Ordinal) ? Reseal(file) : file);
    }

    private static (string Name, byte[] Bytes) Any(Random random) => PictureCorpus.Files[random.Next(PictureCorpus.Files.Count)];

    private static byte[] FlipBits(Random random, byte[] file)
    {
        for (int i = random.Next(1, 17); i > 0 && file.Length > 0; i--)
        {
            file[At(random, file.Length)] ^= (byte)(1 << random.Next(8));
        }

        return file;
    }

    /// <summary>More often in the first hundred bytes, where the headers are.</summary>
    private static int At(Random random, int length) => random.Next(random.Next(2) == 0 ? Math.Min(length, 100) : length);

    private static byte[] Overwrite(Random random, byte[] file)
    {
        int start = random.Next(file.Length + 1);
        random.NextBytes(file.AsSpan(start, random.Next(Math.Min(file.Length - start, 64) + 1)));
        return file;
    }

    private static byte[] Splice(Random random, byte[] file, byte[] other) => [.. file[..random.Next(file.Length + 1)], .. other[random.Next(other.Length)..]];

    private static byte[] Repeat(Random random, byte[] file)
    {
        int start = random.Next(file.Length + 1), end = random.Next(start, file.Length + 1), times = random.Next(1, 30);
        return [.. file[..end], .. Enumerable.Repeat(file[start..end], times).SelectMany(part => part), .. file[end..]];
    }

    private static byte[] Remove(Random random, byte[] file)
    {
        int start = random.Next(file.Length + 1);
        return [.. file[..start], .. file[Math.Min(file.Length, start + random.Next(1, 64))..]];
    }

    /// <summary>A number in place of another: the length of a chunk, where there is one.</summary>
    private static byte[] Lie(Random random, byte[] file, int position)
    {
        uint value = random.Next(4) == 0 ? (uint)random.NextInt64(1L << 32) : Interesting[random.Next(Interesting.Length)];
        bool isLong = random.Next(2) == 0, isBig = random.Next(2) == 0;
        if (position + (isLong ? 4 : 2) > file.Length)
        {
            return file;
        }

        Span<byte> at = file.AsSpan(position);
        switch (isLong, isBig)
        {
            case (true, true):
                BinaryPrimitives.WriteUInt32BigEndian(at, value);
                break;
            case (true, false):
                BinaryPrimitives.WriteUInt32LittleEndian(at, value);
                break;
            case (false, true):
                BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)value);
                break;
            default:
                BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)value);
                break;
        }

        return file;
    }

    /// <summary>Another width or height: mostly one that is accepted, and that the pixels do not have.</summary>
    private static byte[] Resize(Random random, byte[] file)
    {
        int side = random.Next(2);
        int? position = file switch
        {
            [0xFF, 0xD8, ..] => FrameOf(file) is { } frame ? frame + 5 + (2 * side) : null,
            [0x89, ..] => 16 + (4 * side),
            [(byte)'G', ..] => random.Next(2) == 0 ? 6 + (2 * side) : file.AsSpan().IndexOf((byte)0x2C) is >= 0 and var at ? at + 1 + (2 * random.Next(4)) : null,
            [(byte)'B', ..] => 18 + (4 * side),
            [(byte)'R', ..] => random.Next(2) == 0 ? 24 + (3 * side) : 20 + random.Next(12),
            _ => null,
        };
        if (position is not { } start || start + 4 > file.Length)
        {
            return file;
        }

        if (random.Next(8) == 0)
        {
            return Lie(random, file, start);
        }

        ushort value = (ushort)random.Next(1, random.Next(10) == 0 ? 6_000 : 300);
        switch (file[0])
        {
            case 0x89:
                BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(start), value);
                break;
            case 0xFF:
                BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(start), value);
                break;
            case (byte)'B':
                BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(start), random.Next(3) == 0 ? -value : value);
                break;
            default:
                BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(start), value);
                break;
        }

        return file;
    }

    private static int? FrameOf(byte[] file)
    {
        int at = file.AsSpan().IndexOfAny(new byte[][] { [0xFF, 0xC0], [0xFF, 0xC2] }.Select(marker => marker[1]).ToArray());
        return at > 0 && file[at - 1] == 0xFF ? at - 1 : null;
    }

    /// <summary>Writes true checksums into the chunks of a PNG, as far as they can be followed.</summary>
    private static byte[] Reseal(byte[] file)
    {
        for (int position = 8; position + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(position));
            if (length > file.Length - position - 12)
            {
                break;
            }

            int end = position + 8 + (int)length;
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(end), TestPicture.Crc32(file.AsSpan(position + 4, (int)length + 4)));
            position = end + 4;
        }

        return file;
    }
}
