using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Dpfah.Core.Models;

/// <summary>One tensor's entry in a safetensors header.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="DType">Element type: <c>F64</c>, <c>F32</c>, <c>F16</c>, <c>BF16</c>, <c>I64</c>, <c>I32</c>, <c>I16</c>, <c>I8</c>, <c>U8</c> or <c>BOOL</c>.</param>
/// <param name="Shape">Lengths of the dimensions, row-major.</param>
/// <param name="Offset">Position of the first byte in the file.</param>
/// <param name="Length">Length in bytes.</param>
public sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<long> Shape, long Offset, long Length);

/// <summary>
/// The header of a safetensors file: 8 bytes of little-endian length, that much JSON, then the tensors' bytes.
/// Read here without tensors, so that models can be stored and checked by parts that know none.
/// </summary>
public sealed class SafetensorsFile
{
    private const int MaxHeaderBytes = 16 << 20;
    private const int MaxDimensions = 8;

    private SafetensorsFile(IReadOnlyList<SafetensorsEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The tensors, in ordinal order of their names.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors { get; }

    /// <summary>The file's metadata, string to string.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <exception cref="InvalidDataException">The header is damaged; the message says where.</exception>
    public static SafetensorsFile Open(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream);
    }

    /// <summary>Reads and checks the header of a seekable stream from its start.</summary>
    /// <exception cref="InvalidDataException">The header is damaged; the message says where.</exception>
    public static SafetensorsFile Read(Stream stream)
    {
        stream.Position = 0;
        Span<byte> prefix = stackalloc byte[8];
        if (stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
        {
            throw new InvalidDataException("The safetensors file is shorter than its 8-byte length prefix.");
        }

        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength is < 2 or > MaxHeaderBytes || (long)headerLength > stream.Length - 8)
        {
            throw new InvalidDataException(
                $"The safetensors header claims {headerLength} bytes; the file has {stream.Length} and a header at most {MaxHeaderBytes}.");
        }

        var header = new byte[(int)headerLength];
        stream.ReadExactly(header);
        try
        {
            return Parse(header, 8 + (long)headerLength, stream.Length);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException or KeyNotFoundException)
        {
            throw new InvalidDataException($"The safetensors header is damaged: {error.Message}", error);
        }
    }

    private static SafetensorsFile Parse(byte[] header, long dataStart, long fileLength)
    {
        if (header[0] != (byte)'{')
        {
            throw new InvalidDataException("The safetensors header does not begin with '{'.");
        }

        using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        var tensors = new List<SafetensorsEntry>();
        IReadOnlyDictionary<string, string> metadata = new Dictionary<string, string>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            if (!names.Add(property.Name))
            {
                throw new InvalidDataException($"The safetensors header names '{property.Name}' twice.");
            }

            if (property.Name == "__metadata__")
            {
                metadata = ParseMetadata(property.Value);
                continue;
            }

            tensors.Add(ParseEntry(property, dataStart, fileLength));
        }

        // The format wants the tensors to fill the data section without holes or overlaps.
        long position = dataStart;
        foreach (SafetensorsEntry tensor in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (tensor.Offset != position)
            {
                throw new InvalidDataException($"Tensor '{tensor.Name}' starts at byte {tensor.Offset}, expected {position}: tensors overlap or leave a hole.");
            }

            position += tensor.Length;
        }

        if (position != fileLength)
        {
            throw new InvalidDataException($"The tensors end at byte {position}, the file at {fileLength}.");
        }

        tensors.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new SafetensorsFile(tensors, metadata);
    }

    private static Dictionary<string, string> ParseMetadata(JsonElement element)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty item in element.EnumerateObject())
        {
            if (item.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(item.Name, item.Value.GetString()!))
            {
                throw new InvalidDataException($"The safetensors metadata '{item.Name}' is no string, or there twice.");
            }
        }

        return metadata;
    }

    private static SafetensorsEntry ParseEntry(JsonProperty property, long dataStart, long fileLength)
    {
        string name = property.Name;
        if (name.Any(char.IsControl))
        {
            // The digest separates names from what follows them by a line feed.
            throw new InvalidDataException("The name of a tensor has a control character.");
        }

        string type = property.Value.GetProperty("dtype").GetString() ?? "";
        int size = type switch
        {
            "F64" or "I64" => 8,
            "F32" or "I32" => 4,
            "F16" or "BF16" or "I16" => 2,
            "I8" or "U8" or "BOOL" => 1,
            _ => throw new InvalidDataException($"Tensor '{name}' has the unknown type '{type}'."),
        };
        long[] shape = property.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).ToArray();
        long[] offsets = property.Value.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64()).ToArray();
        if (shape.Length > MaxDimensions)
        {
            throw new InvalidDataException($"Tensor '{name}' has {shape.Length} dimensions; at most {MaxDimensions} are read.");
        }

        long expected = size;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
            {
                throw new InvalidDataException($"Tensor '{name}' has the negative dimension {dimension}.");
            }

            expected = checked(expected * dimension);
        }

        if (offsets.Length != 2)
        {
            throw new InvalidDataException($"Tensor '{name}' has {offsets.Length} offsets; it needs a start and an end.");
        }

        if (offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] > fileLength - dataStart || offsets[1] - offsets[0] != expected)
        {
            throw new InvalidDataException(
                $"Tensor '{name}' of type {type} and shape [{string.Join(", ", shape)}] needs {expected} bytes; its offsets are [{string.Join(", ", offsets)}] in a data section of {fileLength - dataStart}.");
        }

        return new SafetensorsEntry(name, type, shape, dataStart + offsets[0], offsets[1] - offsets[0]);
    }

    /// <summary>
    /// SHA-256 over the tensors in ordinal order of their names (name, type, shape, bytes), as lower-case hex.
    /// It does not depend on the order of the tensors in the file or on its metadata.
    /// </summary>
    /// <param name="stream">The stream that this header was read from.</param>
    public string Digest(Stream stream)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        foreach (SafetensorsEntry tensor in Tensors)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name}\n{tensor.DType}\n{string.Join(',', tensor.Shape)}\n"));
            stream.Position = tensor.Offset;
            for (long left = tensor.Length; left > 0;)
            {
                int read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
                if (read == 0)
                {
                    throw new InvalidDataException($"The file ends inside tensor '{tensor.Name}'.");
                }

                hash.AppendData(buffer, 0, read);
                left -= read;
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
