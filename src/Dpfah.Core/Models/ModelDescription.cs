using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dpfah.Core.Models;

/// <summary>What a model is, as written in the header of its head file under <see cref="MetadataKey"/>.</summary>
public sealed record ModelDescription
{
    /// <summary>Key of the description in a safetensors file's metadata.</summary>
    public const string MetadataKey = "dpfah";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Name, unique among the models of a service.</summary>
    public required string Name { get; init; }

    /// <summary>How the hash layer came about: <c>itq</c>, <c>pca</c>, <c>random</c>, or a training method such as <c>dpfah</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Length of the codes in bits.</summary>
    public required int Bits { get; init; }

    /// <summary>Names of the classes of the classification branch, in order; empty when the model has none.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>The network under the hash layer.</summary>
    public required BackboneDescription Backbone { get; init; }

    /// <summary>From a decoded preview to the network's input.</summary>
    public required Preprocessing Preprocessing { get; init; }

    /// <summary>Hyper-parameters of the method, by name.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Figures measured when the model was made, by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Whether a method learns from labels: all do but <c>itq</c>, <c>pca</c>, <c>lsh</c> and <c>random</c>.</summary>
    /// <param name="method">The <see cref="Method"/> of a model.</param>
    public static bool LearnsFromLabels(string method) => method is not ("itq" or "pca" or "lsh" or "random");

    /// <summary>The description as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Digest of the whole model: the tensors of both files, and what else of the description decides about codes.</summary>
    /// <param name="headDigest">Digest of the head file's tensors.</param>
    /// <returns>SHA-256 as lower-case hex.</returns>
    public string DigestWith(string headDigest)
    {
        string canonical = string.Join('\n',
        [
            $"backbone {Backbone.Architecture} {Backbone.LastStageBlocks} {(Backbone.Attention ? "pfa" : "plain")} {Backbone.Digest}",
            $"head {headDigest}",
            $"input {Preprocessing.Resize} {Preprocessing.Crop} {Numbers(Preprocessing.Mean)} {Numbers(Preprocessing.Std)}",
        ]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));

        // The shortest text that reads back as the same float.
        static string Numbers(IEnumerable<float> values) =>
            string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads a description.</summary>
    /// <exception cref="InvalidDataException">Not the JSON of a description, or a value out of range.</exception>
    public static ModelDescription FromJson(string json)
    {
        ModelDescription description;
        try
        {
            description = JsonSerializer.Deserialize<ModelDescription>(json, Json)
                ?? throw new InvalidDataException("The model's description is null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"The model's description cannot be read: {error.Message}", error);
        }

        if (description.Bits is < 8 or > Codes.BinaryCode.MaxBits || description.Bits % 8 != 0)
        {
            throw new InvalidDataException($"The model's description has {description.Bits} bits; a code has a multiple of 8, up to {Codes.BinaryCode.MaxBits}.");
        }

        // The reader refuses null properties, but not null elements.
        if (description.Classes.Any(name => name is null) || description.Parameters.Values.Any(value => value is null))
        {
            throw new InvalidDataException("The model's description has null among its classes or parameters.");
        }

        description.Preprocessing.ThrowIfInvalid();
        return description;
    }
}

/// <summary>The network that turns pixels into the 512-d feature.</summary>
/// <param name="Architecture"><c>resnet18</c>.</param>
/// <param name="LastStageBlocks">Basic blocks of the last stage: 2 in the paper's network, 3 in the pretrained source.</param>
/// <param name="Attention">Whether the parameter-free attention follows the max pool.</param>
/// <param name="Digest">Digest of the backbone file's tensors, hex of SHA-256.</param>
public sealed record BackboneDescription(string Architecture, int LastStageBlocks, bool Attention, string Digest);

/// <summary>From a decoded preview (RGB bytes) to the network's input: resize, centre crop, <c>(value − mean) / std</c>.</summary>
/// <param name="Resize">Length of the shorter side after the antialiased triangle resize, in pixels.</param>
/// <param name="Crop">Side of the centre crop in pixels, at most <paramref name="Resize"/>.</param>
/// <param name="Mean">Mean of red, green and blue, in units of byte values (0 to 255).</param>
/// <param name="Std">Standard deviation of red, green and blue, in the same units.</param>
public sealed record Preprocessing(int Resize, int Crop, IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    internal void ThrowIfInvalid()
    {
        if (Crop is < 32 or > 1024 || Resize < Crop || Resize > 2048
            || Mean.Count != 3 || Std.Count != 3 || !Mean.All(float.IsFinite) || !Std.All(s => float.IsFinite(s) && s > 0))
        {
            throw new InvalidDataException(
                "The model's preprocessing needs 32 <= crop <= 1024, crop <= resize <= 2048, and three finite means and positive deviations.");
        }
    }
}

/// <summary>A model on local disk: two safetensors files, so that models can share a backbone.</summary>
/// <param name="BackbonePath">Tensors of the backbone, with torchvision's names.</param>
/// <param name="HeadPath">
/// <c>hash_layer.weight</c> (bits, 512), <c>hash_layer.bias</c> (bits), <c>signature.projection</c> (256, 512),
/// <c>signature.centre</c> (512), optionally <c>class_layer.weight</c> and <c>class_layer.bias</c>; the description in the header.
/// </param>
public sealed record ModelFiles(string BackbonePath, string HeadPath);

/// <summary>Makes the model that every service starts with, so that it can search before anything was trained.</summary>
public interface IFirstModel
{
    /// <summary>Name of the model, known before it is made; says its method and its bits.</summary>
    string Name { get; }

    /// <summary>Writes the model's files into a folder, or finds them there.</summary>
    /// <param name="folder">An existing folder that the caller owns.</param>
    /// <param name="progress">Told what is being done, with the share done from 0 to 1.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    ModelFiles Create(string folder, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken);
}
