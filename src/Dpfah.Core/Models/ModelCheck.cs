using System.Runtime.InteropServices;
using Dpfah.Core.Imaging;

namespace Dpfah.Core.Models;

/// <summary>Checks the files of a model that comes from elsewhere, without tensors: whether this service could run it.</summary>
public static class ModelCheck
{
    /// <summary>The one architecture that services run.</summary>
    public const string Architecture = "resnet18";

    private const int FeatureLength = 512;
    private const int BufferBytes = 1 << 16;
    private static readonly int[] StageChannels = [64, 128, 256, FeatureLength];

    /// <summary>Reads a model.</summary>
    /// <param name="head">The head file, seekable.</param>
    /// <param name="backbone">The backbone file, seekable.</param>
    /// <returns>The description, and the digest of the head's tensors.</returns>
    /// <exception cref="InvalidDataException">
    /// A file is damaged, a tensor is missing, unknown, of another shape or not finite, or the backbone is another than the description names; the
    /// message says which.
    /// </exception>
    public static (ModelDescription Description, string HeadDigest) Read(Stream head, Stream backbone)
    {
        SafetensorsFile headFile = SafetensorsFile.Read(head);
        if (!headFile.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json))
        {
            throw new InvalidDataException($"The model's head has no description: its metadata lacks '{ModelDescription.MetadataKey}'.");
        }

        ModelDescription description = ModelDescription.FromJson(json);
        if (description.Backbone.Architecture != Architecture || description.Backbone.LastStageBlocks is < 2 or > 3)
        {
            throw new InvalidDataException(
                $"The model's backbone is {description.Backbone.Architecture} with {description.Backbone.LastStageBlocks} blocks in its last stage; this service runs {Architecture} with 2 or 3.");
        }

        ThrowIfOthers(headFile, "head", HeadShapes(description), optional: ["class_layer.weight", "class_layer.bias"]);
        SafetensorsFile backboneFile = SafetensorsFile.Read(backbone);
        ThrowIfOthers(backboneFile, "backbone", BackboneShapes(description.Backbone.LastStageBlocks), optional: []);
        ThrowIfNotFinite(headFile, head, "head");
        ThrowIfNotFinite(backboneFile, backbone, "backbone");
        string digest = backboneFile.Digest(backbone);
        return digest == description.Backbone.Digest
            ? (description, headFile.Digest(head))
            : throw new InvalidDataException($"The backbone file has the digest {digest}; the model's description names {description.Backbone.Digest}.");
    }

    private static Dictionary<string, long[]> HeadShapes(ModelDescription description)
    {
        var shapes = new Dictionary<string, long[]>(StringComparer.Ordinal)
        {
            ["hash_layer.weight"] = [description.Bits, FeatureLength],
            ["hash_layer.bias"] = [description.Bits],
            ["signature.projection"] = [ImageCode.SignatureBits, FeatureLength],
            ["signature.centre"] = [FeatureLength],
        };
        if (description.Classes.Count > 0)
        {
            shapes["class_layer.weight"] = [description.Classes.Count, FeatureLength];
            shapes["class_layer.bias"] = [description.Classes.Count];
        }

        return shapes;
    }

    /// <summary>Shapes of a backbone's tensors, by name.</summary>
    /// <param name="lastStageBlocks">2 or 3.</param>
    public static IReadOnlyDictionary<string, long[]> BackboneShapes(int lastStageBlocks)
    {
        var shapes = new Dictionary<string, long[]>(StringComparer.Ordinal);
        Convolution("conv1", "bn1", 3, 64, 7);
        int before = 64;
        for (int stage = 1; stage <= StageChannels.Length; stage++)
        {
            int channels = StageChannels[stage - 1];
            for (int block = 0; block < (stage == StageChannels.Length ? lastStageBlocks : 2); block++)
            {
                string name = $"layer{stage}.{block}";
                Convolution($"{name}.conv1", $"{name}.bn1", block == 0 ? before : channels, channels, 3);
                Convolution($"{name}.conv2", $"{name}.bn2", channels, channels, 3);
                if (block == 0 && before != channels)
                {
                    Convolution($"{name}.downsample.0", $"{name}.downsample.1", before, channels, 1);
                }
            }

            before = channels;
        }

        return shapes;

        void Convolution(string convolution, string norm, int from, int to, int side)
        {
            shapes[$"{convolution}.weight"] = [to, from, side, side];
            foreach (string part in (string[])["weight", "bias", "running_mean", "running_var"])
            {
                shapes[$"{norm}.{part}"] = [to];
            }
        }
    }

    private static void ThrowIfOthers(SafetensorsFile file, string what, IReadOnlyDictionary<string, long[]> expected, string[] optional)
    {
        Dictionary<string, SafetensorsEntry> found = file.Tensors.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        if (expected.Keys.FirstOrDefault(name => !found.ContainsKey(name)) is { } missing)
        {
            throw new InvalidDataException($"The model's {what} lacks the tensor '{missing}'.");
        }

        foreach (SafetensorsEntry entry in file.Tensors)
        {
            if (!expected.TryGetValue(entry.Name, out long[]? shape))
            {
                if (!optional.Contains(entry.Name))
                {
                    throw new InvalidDataException($"The model's {what} has the tensor '{entry.Name}', which is no part of one.");
                }

                continue;
            }

            if (!entry.Shape.SequenceEqual(shape) || !entry.DType.Contains('F'))
            {
                throw new InvalidDataException(
                    $"The tensor '{entry.Name}' of the model's {what} is {entry.DType} [{string.Join(", ", entry.Shape)}]; expected floating-point [{string.Join(", ", shape)}].");
            }
        }
    }

    private static void ThrowIfNotFinite(SafetensorsFile file, Stream stream, string what)
    {
        var buffer = new byte[BufferBytes];
        foreach (SafetensorsEntry entry in file.Tensors)
        {
            stream.Position = entry.Offset;
            for (long left = entry.Length; left > 0;)
            {
                int count = (int)Math.Min(buffer.Length, left);
                stream.ReadExactly(buffer, 0, count);
                if (!AllFinite(entry.DType, buffer.AsSpan(0, count)))
                {
                    throw new InvalidDataException($"The tensor '{entry.Name}' of the model's {what} has a value that is not finite.");
                }

                left -= count;
            }
        }
    }

    // A value is not finite when all bits of its exponent are set.
    private static bool AllFinite(string type, ReadOnlySpan<byte> bytes) => type switch
    {
        "F64" => None(MemoryMarshal.Cast<byte, ulong>(bytes), 0x7FF0_0000_0000_0000UL),
        "F32" => None(MemoryMarshal.Cast<byte, uint>(bytes), 0x7F80_0000U),
        "F16" => None(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7C00),
        "BF16" => None(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7F80),
        _ => true,
    };

    private static bool None<T>(ReadOnlySpan<T> values, T exponent)
        where T : struct, System.Numerics.IBinaryInteger<T>
    {
        foreach (T value in values)
        {
            if ((value & exponent) == exponent)
            {
                return false;
            }
        }

        return true;
    }
}
