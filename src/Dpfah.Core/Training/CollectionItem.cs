using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dpfah.Core.Training;

/// <summary>A picture in the folder that a collection is written to for a training: a line of <see cref="FileName"/>.</summary>
/// <param name="Id">Public id.</param>
/// <param name="Labels">Its labels; none, one or several.</param>
/// <param name="Digest">SHA-256 of the bytes as uploaded, lower-case hex.</param>
/// <param name="Part">What it is used for.</param>
/// <param name="Offset">Where its preview begins in <see cref="PreviewsFileName"/>, in bytes.</param>
/// <param name="Length">Bytes of its preview, a JPEG file.</param>
/// <remarks>
/// The file is the frozen manifest of the training's data: its SHA-256 stands in the lineage of the model. Items stand in the order of
/// their item numbers; their previews lie end to end.
/// </remarks>
public sealed record CollectionItem(string Id, IReadOnlyList<string> Labels, string Digest, CollectionPart Part, long Offset, int Length)
{
    /// <summary>Name of the file with a line for each picture, UTF-8.</summary>
    public const string FileName = "items.ndjson";

    /// <summary>Name of the file with the previews.</summary>
    public const string PreviewsFileName = "previews.bin";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The line, without its end.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a line.</summary>
    /// <exception cref="InvalidDataException">Not such a line; the message says what is wrong.</exception>
    public static CollectionItem FromJson(string line)
    {
        try
        {
            CollectionItem? item = JsonSerializer.Deserialize<CollectionItem>(line, Json);
            return item is { Offset: >= 0, Length: > 0 } && item.Labels.All(label => label is not null)
                ? item
                : throw new InvalidDataException("It has a negative offset, no bytes, or null for a label.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }
}
