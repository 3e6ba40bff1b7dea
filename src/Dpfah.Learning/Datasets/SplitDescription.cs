using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dpfah.Learning.Datasets;

/// <summary>The content of <c>split.json</c>.</summary>
/// <param name="Format">Version of the form, 1.</param>
/// <param name="Dataset">Name of the data set.</param>
/// <param name="Pictures">Pictures in its pool.</param>
/// <param name="Classes">Names of its classes; lists have one column for each.</param>
/// <param name="Protocol">How the split came about, in words.</param>
/// <param name="Seed">Its seed as a decimal number (JSON numbers end at 2⁵³); null when it was published.</param>
/// <param name="Train">The training list.</param>
/// <param name="Query">The query list.</param>
/// <param name="Database">The database list.</param>
/// <param name="Digest">SHA-256 of this description with an empty digest.</param>
/// <param name="Validation">The list of pictures to measure on during a training; null where there is none.</param>
internal sealed record SplitDescription(
    int Format,
    string Dataset,
    int Pictures,
    IReadOnlyList<string> Classes,
    string Protocol,
    string? Seed,
    SplitDescription.List Train,
    SplitDescription.List Query,
    SplitDescription.List Database,
    string Digest,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SplitDescription.List? Validation = null)
{
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The description with its digest.</summary>
    public SplitDescription Sealed() => this with { Digest = ComputeDigest() };

    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Json), (byte)'\n'];

    /// <exception cref="InvalidDataException">The file is no description, or was edited.</exception>
    public static SplitDescription Read(string path)
    {
        SplitDescription? description;
        try
        {
            description = JsonSerializer.Deserialize<SplitDescription>(File.ReadAllBytes(path), Json);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"'{path}' does not describe a split: {error.Message} {SplitManifest.Remedy}", error);
        }

        if (description is null || description.Format != CurrentFormat)
        {
            throw new InvalidDataException(
                $"'{path}' has the format {description?.Format ?? 0}; this program reads {CurrentFormat}. {SplitManifest.Remedy}");
        }

        string digest = description.ComputeDigest();
        return digest == description.Digest
            ? description
            : throw new InvalidDataException(
                $"'{path}' was edited: its digest is {digest}, not the {description.Digest} written in it. {SplitManifest.Remedy}");
    }

    private string ComputeDigest() => Convert.ToHexStringLower(SHA256.HashData((this with { Digest = "" }).ToBytes()));

    /// <summary>One list.</summary>
    /// <param name="Count">Its lines.</param>
    /// <param name="Sha256">SHA-256 of the file, in lower-case hex.</param>
    internal sealed record List(int Count, string Sha256)
    {
        public static List Of(int count, byte[] bytes) => new(count, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
