using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>Writes tensors as a safetensors file: header length, JSON header, then the tensors' bytes.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes a file; it appears under its name when it is complete and on disk.</summary>
    /// <param name="path">Where; a file that is there is replaced.</param>
    /// <param name="tensors">Tensors by name, on any device, in any memory layout.</param>
    /// <param name="metadata">Texts for the header; see <see cref="Core.Models.ModelDescription.MetadataKey"/>.</param>
    /// <exception cref="ArgumentException">A tensor has a type that the format does not know.</exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        Write(
            path,
            tensors.Select(pair => new Part(
                pair.Key, SafetensorsTypes.NameOf(pair.Value.dtype), pair.Value.shape, pair.Value.NumberOfElements * pair.Value.ElementSize, stream =>
                {
                    using DisposeScope scope = NewDisposeScope();
                    pair.Value.detach().cpu().contiguous().WriteBytesToStream(stream, BufferBytes);
                })),
            metadata);
    }

    /// <summary>Writes a file of values in single precision, without libtorch; it appears under its name when it is complete and on disk.</summary>
    /// <param name="path">Where; a file that is there is replaced.</param>
    /// <param name="values">Values by name, row by row.</param>
    /// <param name="shapes">Their shapes, by name.</param>
    internal static void Write(string path, IReadOnlyDictionary<string, float[]> values, IReadOnlyDictionary<string, long[]> shapes) => Write(
        path,
        values.Select(pair => new Part(
            pair.Key, SafetensorsTypes.NameOf(ScalarType.Float32), shapes[pair.Key], sizeof(float) * pair.Value.LongLength,
            stream => stream.Write(MemoryMarshal.AsBytes(pair.Value.AsSpan())))),
        null);

    private static void Write(string path, IEnumerable<Part> parts, IReadOnlyDictionary<string, string>? metadata)
    {
        Part[] ordered = [.. parts.OrderBy(part => part.Name, StringComparer.Ordinal)];
        byte[] header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (Part part in ordered)
            {
                part.Write(stream);
            }
        });
    }

    private static byte[] Header(Part[] parts, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long position = 0;
            foreach (Part part in parts)
            {
                json.WriteStartObject(part.Name);
                json.WriteString("dtype", part.DType);
                WriteArray(json, "shape", part.Shape);
                WriteArray(json, "data_offsets", [position, position += part.Length]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8, so that tensors of any type can be mapped in place.
        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, ReadOnlySpan<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    /// <summary>A tensor to write, of so many bytes.</summary>
    private sealed record Part(string Name, string DType, long[] Shape, long Length, Action<FileStream> Write);
}
