using System.Text.Json;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Engine.Search;

/// <summary>Labels and metadata of an item as filters see them.</summary>
public sealed class ItemProperties
{
    /// <summary>Name of the field that holds the labels.</summary>
    public const string LabelField = "$label";

    private readonly string[] labels;
    private readonly ItemField[] fields;

    internal ItemProperties(string[] labels, ItemField[] fields)
    {
        this.labels = labels;
        this.fields = fields;
    }

    /// <summary>Labels, in the order in which they were given.</summary>
    public IReadOnlyList<string> Labels => labels;

    /// <summary>The labels, and what filters compare of the metadata.</summary>
    public ReadOnlySpan<ItemField> Fields => fields;

    /// <summary>The field of a metadata key: the key itself, but for a '$' in front that is doubled.</summary>
    public static string FieldOf(string key) => key.StartsWith('$') ? "$" + key : key;

    /// <summary>The only value of a field.</summary>
    /// <returns>Null when the field is missing, has several values, or one that is not compared.</returns>
    public FieldValue? Single(string field)
    {
        FieldValue? found = null;
        foreach (ItemField own in fields)
        {
            if (own.Name == field)
            {
                if (found is not null || own.Value == FieldValue.Opaque || own.Value == FieldValue.Null)
                {
                    return null;
                }

                found = own.Value;
            }
        }

        return found;
    }

    /// <summary>What filters compare of metadata: texts, numbers, truth values and nulls, alone or in an array, of the outermost object.</summary>
    /// <param name="metadata">JSON text as it is stored; null for none.</param>
    internal static IEnumerable<ItemField> FieldsOf(string? metadata)
    {
        if (metadata is null)
        {
            yield break;
        }

        using JsonDocument document = JsonDocument.Parse(metadata);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            string field = FieldOf(property.Name);
            if (property.Value.ValueKind == JsonValueKind.Array && property.Value.GetArrayLength() > 0)
            {
                foreach (FieldValue value in property.Value.EnumerateArray().Select(ValueOf).Distinct())
                {
                    yield return new ItemField(field, value);
                }
            }
            else
            {
                yield return new ItemField(field, ValueOf(property.Value));
            }
        }
    }

    /// <summary>A JSON value; nested objects and arrays are opaque.</summary>
    internal static FieldValue ValueOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => FieldValue.Of(element.GetString()!),
        JsonValueKind.Number => FieldValue.Of(element.GetDouble()),
        JsonValueKind.True => FieldValue.Of(true),
        JsonValueKind.False => FieldValue.Of(false),
        JsonValueKind.Null => FieldValue.Null,
        _ => FieldValue.Opaque,
    };
}
