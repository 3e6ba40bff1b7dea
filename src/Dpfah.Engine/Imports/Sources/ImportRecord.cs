using System.Text.Json;
using Dpfah.Engine.Catalogue;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>A line of NDJSON or a row of CSV: what a caller says of one picture. All that is there was checked.</summary>
internal sealed record ImportRecord
{
    /// <summary>The character between labels in a field of CSV.</summary>
    public const char LabelSeparator = '|';

    /// <summary>The members that a line may have.</summary>
    public static readonly string[] Members = ["id", "entry", "image", "url", "labels", "metadata", "preview"];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Public id.</summary>
    public string? Id { get; init; }

    /// <summary>Path of the entry in the archive, normalized.</summary>
    public string? Entry { get; init; }

    /// <summary>The picture's file.</summary>
    public byte[]? Image { get; init; }

    /// <summary>Where the picture is to be fetched.</summary>
    public Uri? Url { get; init; }

    /// <summary>Labels, each once.</summary>
    public string[] Labels { get; init; } = [];

    /// <summary>Metadata in stored form.</summary>
    public string? Metadata { get; init; }

    /// <summary>Set when the entry is a preview.</summary>
    public PreviewOrigin? Preview { get; init; }

    /// <summary>Reads a line of NDJSON.</summary>
    /// <param name="line">The line.</param>
    /// <param name="members">The members that it may have.</param>
    /// <param name="id">The id, where it can be read, also of a record that is not valid.</param>
    /// <param name="problem">What is wrong, as a sentence; null when nothing is.</param>
    public static ImportRecord? FromJson(ReadOnlyMemory<byte> line, IReadOnlyCollection<string> members, out string? id, out string? problem)
    {
        id = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problem = $"A line is a JSON object; it was {document.RootElement.ValueKind.ToString().ToLowerInvariant()}.";
                return null;
            }

            var record = new ImportRecord();
            problem = null;
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (!members.Contains(member.Name))
                {
                    problem ??= $"There is no member '{Shorten(member.Name)}' here. Known: {string.Join(", ", members)}.";
                    continue;
                }

                (record, string? wrong) = record.With(member.Name, member.Value);
                problem ??= wrong;
            }

            id = record.Id;
            return problem is null ? record : null;
        }
        catch (JsonException error)
        {
            problem = $"It is no JSON object: {error.Message}";
            return null;
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape such as "\ud800" stands for half a character.
            problem = "It has an escape that stands for half a character.";
            return null;
        }
    }

    /// <summary>Reads a row of CSV.</summary>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="fields">The row, as many fields as there are columns.</param>
    /// <param name="id">The id, where it can be read, also of a record that is not valid.</param>
    /// <param name="problem">What is wrong, as a sentence; null when nothing is.</param>
    public static ImportRecord? FromCsv(IReadOnlyList<string> columns, IReadOnlyList<string> fields, out string? id, out string? problem)
    {
        var record = new ImportRecord();
        problem = null;
        for (int i = 0; i < columns.Count; i++)
        {
            if (fields[i].Length == 0)
            {
                continue;
            }

            string? wrong;
            (record, wrong) = columns[i] switch
            {
                "labels" => record.WithLabels(fields[i].Split(LabelSeparator)),
                "metadata" => record.WithMetadata(fields[i]),
                _ => record.WithText(columns[i], fields[i]),
            };
            problem ??= wrong;
        }

        id = record.Id;
        return problem is null ? record : null;
    }

    private (ImportRecord Record, string? Problem) With(string name, JsonElement value)
    {
        switch (name)
        {
            case "labels":
                return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(label => label.ValueKind == JsonValueKind.String)
                    ? WithLabels([.. value.EnumerateArray().Select(label => label.GetString()!)])
                    : (this, "'labels' is a list of texts.");
            case "metadata":
                return value.ValueKind == JsonValueKind.Null ? (this, null) : WithMetadata(value.GetRawText());
            case "image":
                return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out byte[]? bytes)
                    ? (this with { Image = bytes }, null)
                    : (this, "'image' is a picture's file as base64.");
            case "preview":
                return WithPreview(value);
            default:
                return value.ValueKind == JsonValueKind.String ? WithText(name, value.GetString()!) : (this, $"'{name}' is a text.");
        }
    }

    private (ImportRecord Record, string? Problem) WithText(string name, string text)
    {
        switch (name)
        {
            case "id":
                return CatalogueRules.CheckId(text) is { } wrong ? (this, wrong) : (this with { Id = text }, null);
            case "entry":
                string path = EntryName.Normalize(text);
                return EntryName.IsUnsafe(path) ? (this, $"'entry' is a path in the archive; it was '{Shorten(text)}'.") : (this with { Entry = path }, null);
            default:
                return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
                    ? (this with { Url = url }, null)
                    : (this, $"'url' is an address that begins with https:// or http://; it was '{Shorten(text)}'.");
        }
    }

    private (ImportRecord Record, string? Problem) WithLabels(string[] labels) => CatalogueRules.CheckLabels(labels) is { } wrong
        ? (this, wrong)
        : (this with { Labels = [.. labels.Distinct(StringComparer.Ordinal)] }, null);

    private (ImportRecord Record, string? Problem) WithMetadata(string json) => CatalogueRules.CheckMetadata(json, out string? canonical) is { } wrong
        ? (this, wrong)
        : (this with { Metadata = canonical }, null);

    private (ImportRecord Record, string? Problem) WithPreview(JsonElement value)
    {
        const string Form = "'preview' is an object with 'decoder', the name of a decoder, and 'sha256', 64 hexadecimal digits.";
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("decoder", out JsonElement decoder) || decoder.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("sha256", out JsonElement digest) || digest.ValueKind != JsonValueKind.String)
        {
            return (this, Form);
        }

        string name = decoder.GetString()!, hex = digest.GetString()!;
        return name.Length is 0 or > 64 || !name.All(c => c is > ' ' and < '\u007f') || hex.Length != 64 || !hex.All(char.IsAsciiHexDigit)
            ? (this, Form)
            : (this with { Preview = new PreviewOrigin(name, Convert.FromHexString(hex)) }, null);
    }

    private static string Shorten(string text)
    {
        string safe = string.Concat(text.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return text.Length > 80 ? safe + "…" : safe;
    }
}
