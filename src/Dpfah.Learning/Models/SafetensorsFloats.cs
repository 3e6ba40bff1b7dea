using System.Buffers.Binary;
using Dpfah.Core.Models;

namespace Dpfah.Learning.Models;

/// <summary>Reads floating-point tensors of safetensors files as arrays: for those that need no libtorch.</summary>
internal static class SafetensorsFloats
{
    // A multiple of every element's size.
    private const int BufferBytes = 1 << 18;

    /// <summary>Reads all tensors of a file.</summary>
    /// <returns>Values row by row, by name; wider values are rounded to single precision.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or a tensor is of whole numbers.</exception>
    public static IReadOnlyDictionary<string, float[]> Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return SafetensorsFile.Read(stream).Tensors.ToDictionary(entry => entry.Name, entry => Read(stream, entry), StringComparer.Ordinal);
    }

    /// <summary>Reads one tensor.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="entry">Of its header.</param>
    /// <exception cref="InvalidDataException">The tensor is of whole numbers, or larger than an array.</exception>
    public static float[] Read(Stream stream, SafetensorsEntry entry)
    {
        (int size, Func<ReadOnlySpan<byte>, float> value) = Type(entry);
        if (entry.Length / size > Array.MaxLength)
        {
            throw new InvalidDataException($"The tensor '{entry.Name}' has {entry.Length / size} values; at most {Array.MaxLength} are read.");
        }

        var values = new float[entry.Length / size];
        var buffer = new byte[Math.Min(BufferBytes, entry.Length)];
        stream.Position = entry.Offset;
        for (int start = 0; start < values.Length;)
        {
            int count = Math.Min(buffer.Length / size, values.Length - start);
            stream.ReadExactly(buffer, 0, count * size);
            for (int i = 0; i < count; i++)
            {
                values[start + i] = value(buffer.AsSpan(i * size, size));
            }

            start += count;
        }

        return values;
    }

    private static (int Size, Func<ReadOnlySpan<byte>, float> Value) Type(SafetensorsEntry entry) => entry.DType switch
    {
        "F64" => (8, static bytes => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
        "F32" => (4, BinaryPrimitives.ReadSingleLittleEndian),
        "F16" => (2, static bytes => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes)),
        "BF16" => (2, static bytes => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(bytes) << 16)),
        _ => throw new InvalidDataException($"The tensor '{entry.Name}' is {entry.DType}; expected floating-point."),
    };
}
