using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Dpfah.Engine.Catalogue;

/// <summary>What names, ids, labels and metadata may be. Each check returns null, or a sentence that says what is wrong.</summary>
public static class CatalogueRules
{
    /// <summary>Most characters of a collection's name.</summary>
    public const int MaxCollectionName = 64;

    /// <summary>Most characters (Unicode scalar values) of a picture's id.</summary>
    public const int MaxId = 256;

    /// <summary>Most labels of a picture.</summary>
    public const int MaxLabels = 64;

    /// <summary>Most characters of a label.</summary>
    public const int MaxLabel = 128;

    /// <summary>Most bytes of a picture's metadata as UTF-8 JSON.</summary>
    public const int MaxMetadataBytes = 16 * 1024;

    /// <summary>Deepest nesting of metadata.</summary>
    public const int MaxMetadataDepth = 8;

    /// <summary>Checks the name of a collection.</summary>
    public static string? CheckCollectionName(string name) =>
        name.Length is >= 1 and <= MaxCollectionName
        && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0]))
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.')
            ? null
            : $"A collection's name has 1 to {MaxCollectionName} of the characters a-z, 0-9, '-', '_' and '.', and begins with a letter or digit; it was '{Shorten(name)}'.";

    /// <summary>Checks the id of a picture.</summary>
    public static string? CheckId(string id) => CheckText(id, MaxId) is { } problem ? $"The id of a picture {problem}." : null;

    /// <summary>Checks labels.</summary>
    public static string? CheckLabels(IReadOnlyList<string> labels)
    {
        if (labels.Count > MaxLabels)
        {
            return $"A picture has at most {MaxLabels} labels; there were {labels.Count}.";
        }

        return labels.Select(label => CheckText(label, MaxLabel) is { } problem ? $"A label {problem}." : null).FirstOrDefault(p => p is not null);
    }

    /// <summary>Checks metadata and brings it to the form in which it is stored: compact JSON, members in the order given.</summary>
    /// <param name="json">JSON text.</param>
    /// <param name="canonical">The stored form; null when there is a problem.</param>
    public static string? CheckMetadata(string json, out string? canonical)
    {
        canonical = null;
        if (Encoding.UTF8.GetByteCount(json) > MaxMetadataBytes)
        {
            return $"Metadata has at most {MaxMetadataBytes} bytes.";
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(
                json, new JsonDocumentOptions { MaxDepth = MaxMetadataDepth, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return $"Metadata is a JSON object; it was {document.RootElement.ValueKind.ToString().ToLowerInvariant()}.";
            }

            canonical = JsonSerializer.Serialize(document.RootElement);
            return null;
        }
        catch (JsonException error)
        {
            return $"Metadata is a JSON object, at most {MaxMetadataDepth} levels deep, without a name twice in one object: {error.Message}";
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape such as "\ud800" stands for half a character.
            return "Metadata is a JSON object of valid Unicode text: an escape in it stands for half a character.";
        }
    }

    private static string? CheckText(string text, int max)
    {
        int count = 0;
        for (int i = 0; i < text.Length; count++)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int consumed) != System.Buffers.OperationStatus.Done || !IsPrintable(rune))
            {
                return $"has printable characters only; character {count + 1} of '{Shorten(text)}' is not";
            }

            i += consumed;
        }

        return count is 0 || count > max ? $"has 1 to {max} characters; there were {count}" : null;
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string Shorten(string text)
    {
        string safe = string.Concat(text.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return text.Length > 80 ? safe + "…" : safe;
    }
}
