using System.Buffers.Binary;
using System.IO.Compression;

namespace Dpfah.Learning.Datasets;

/// <summary>
/// An IDX file of unsigned bytes, the format of MNIST: two zero bytes, the element type (8: unsigned byte), the number of
/// dimensions, each dimension as a big-endian 32-bit number, then the elements, row-major. Gzip is recognised by its magic number.
/// </summary>
/// <param name="Shape">Lengths of the dimensions.</param>
/// <param name="Data">The elements.</param>
internal sealed record IdxFile(IReadOnlyList<int> Shape, byte[] Data)
{
    private const int MaxElements = 1 << 30;

    /// <exception cref="InvalidDataException">Damaged, or not of the expected rank; the message names the file and says where.</exception>
    public static IdxFile Read(string path, int rank)
    {
        using FileStream file = File.OpenRead(path);
        bool zipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        using Stream stream = zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
        try
        {
            return Parse(stream, rank);
        }
        catch (EndOfStreamException error)
        {
            throw new InvalidDataException($"'{path}' is damaged: it ends before its last element.", error);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"'{path}' is damaged: {error.Message}", error);
        }
    }

    private static IdxFile Parse(Stream stream, int rank)
    {
        Span<byte> word = stackalloc byte[4];
        stream.ReadExactly(word);
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(word);
        if (magic != (0x0800u | (uint)rank))
        {
            throw new InvalidDataException(
                $"its magic number is 0x{magic:x8}, expected 0x{0x0800 | rank:x8} (unsigned bytes in {rank} dimensions).");
        }

        var shape = new int[rank];
        long elements = 1;
        for (int i = 0; i < rank; i++)
        {
            stream.ReadExactly(word);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(word);
            elements *= length;
            if (length == 0 || elements > MaxElements)
            {
                throw new InvalidDataException($"dimension {i} is {length}; a file holds 1 to {MaxElements} elements.");
            }

            shape[i] = (int)length;
        }

        var data = new byte[elements];
        stream.ReadExactly(data);
        if (stream.ReadByte() >= 0)
        {
            throw new InvalidDataException($"it goes on after its {elements} elements.");
        }

        return new IdxFile(shape, data);
    }
}
