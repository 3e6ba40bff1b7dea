using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Encoders;

/// <summary>All of a model but its backbone: hash layer, signature and description, as one small safetensors file.</summary>
public sealed class ModelHead
{
    private const string HashWeight = "hash_layer.weight";
    private const string HashBias = "hash_layer.bias";
    private const string ClassWeight = "class_layer.weight";
    private const string ClassBias = "class_layer.bias";
    private const string SignatureProjection = "signature.projection";
    private const string SignatureCentre = "signature.centre";

    /// <summary>Puts a head together.</summary>
    /// <param name="description">What the model is.</param>
    /// <param name="hashLayer">As many bits as the description says.</param>
    /// <param name="signature">Of features as long as the hash layer's.</param>
    public ModelHead(ModelDescription description, HashLayer hashLayer, Signature signature)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hashLayer.Bits, description.Bits, nameof(hashLayer));
        ArgumentOutOfRangeException.ThrowIfNotEqual(signature.Centre.Count, hashLayer.Features, nameof(signature));
        Description = description;
        HashLayer = hashLayer;
        Signature = signature;
    }

    /// <summary>What the model is.</summary>
    public ModelDescription Description { get; }

    /// <summary>From the feature to the real code.</summary>
    public HashLayer HashLayer { get; }

    /// <summary>From the feature to the fine code.</summary>
    public Signature Signature { get; }

    /// <summary>
    /// W_c row by row and v_c of the classification branch, for explanations; null for a model without classes. Codes do not depend on it.
    /// </summary>
    public (float[] Weight, float[] Bias)? ClassLayer { get; init; }

    /// <summary>Reads and checks a head.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or no head; the message says what is wrong.</exception>
    public static ModelHead Read(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json))
        {
            throw new InvalidDataException(
                $"The model's head has no description: its metadata lacks '{ModelDescription.MetadataKey}'.");
        }

        ModelDescription description = ModelDescription.FromJson(json);
        ThrowIfShapesDiffer(file, description);
        IReadOnlyDictionary<string, float[]> tensors = SafetensorsFloats.Read(path);
        try
        {
            return new ModelHead(
                description,
                new HashLayer(tensors[HashWeight], tensors[HashBias]),
                new Signature(tensors[SignatureProjection], tensors[SignatureCentre]))
            {
                ClassLayer = tensors.ContainsKey(ClassWeight) ? (tensors[ClassWeight], tensors[ClassBias]) : null,
            };
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"The model's head cannot be used: {error.Message}", error);
        }
    }

    /// <summary>Writes the head as a file, which appears under its name when it is complete.</summary>
    public void Write(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            [HashWeight] = tensor(HashLayer.Weight.ToArray(), [HashLayer.Bits, HashLayer.Features]),
            [HashBias] = tensor(HashLayer.Bias.ToArray()),
            [SignatureProjection] = tensor(Signature.Projection.ToArray(), [ImageCode.SignatureBits, HashLayer.Features]),
            [SignatureCentre] = tensor(Signature.Centre.ToArray()),
        };
        if (ClassLayer is var (weight, bias))
        {
            tensors.Add(ClassWeight, tensor(weight, [bias.Length, HashLayer.Features]));
            tensors.Add(ClassBias, tensor(bias));
        }

        var metadata = new Dictionary<string, string> { [ModelDescription.MetadataKey] = Description.ToJson() };
        SafetensorsWriter.Write(path, tensors, metadata);
    }

    private static void ThrowIfShapesDiffer(SafetensorsFile file, ModelDescription description)
    {
        int bits = description.Bits;
        var expected = new Dictionary<string, long[]>(StringComparer.Ordinal)
        {
            [HashWeight] = [bits, ResNet18.FeatureLength],
            [HashBias] = [bits],
            [SignatureProjection] = [ImageCode.SignatureBits, ResNet18.FeatureLength],
            [SignatureCentre] = [ResNet18.FeatureLength],
        };
        if (file.Tensors.FirstOrDefault(e => e.Name is ClassWeight or ClassBias) is { } branch)
        {
            // A head need not name its classes.
            long classes = description.Classes.Count > 0 ? description.Classes.Count : branch.Shape.Count > 0 ? branch.Shape[0] : 0;
            expected.Add(ClassWeight, [classes, ResNet18.FeatureLength]);
            expected.Add(ClassBias, [classes]);
        }

        foreach ((string name, long[] shape) in expected)
        {
            SafetensorsEntry entry = file.Tensors.FirstOrDefault(e => e.Name == name)
                ?? throw new InvalidDataException($"The model's head lacks the tensor '{name}'.");
            if (!entry.Shape.SequenceEqual(shape) || !entry.DType.Contains('F'))
            {
                throw new InvalidDataException(
                    $"The tensor '{name}' of the model's head is {entry.DType} [{string.Join(", ", entry.Shape)}]; " +
                    $"expected floating-point [{string.Join(", ", shape)}].");
            }
        }
    }
}
