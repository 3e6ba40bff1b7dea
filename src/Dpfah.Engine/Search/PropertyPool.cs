using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Engine.Search;

/// <summary>Makes the properties of a collection's items. What many items have in common is one object for all of them. One caller at a time.</summary>
internal sealed class PropertyPool
{
    // Beyond so many, a value is not shared by many items any more, and the pool would only grow.
    private const int Most = 65_536;

    // A longer text is hardly one of many items.
    private const int LongestShared = 64;

    private readonly Dictionary<string, ItemProperties> byLabels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);

    /// <summary>The properties of an item.</summary>
    /// <param name="labels">Its labels.</param>
    /// <param name="metadata">Its metadata as JSON text; null for none.</param>
    public ItemProperties Get(string[] labels, string? metadata)
    {
        ItemProperties plain = WithLabels(labels);
        return metadata is null ? plain : WithMetadata(plain, metadata);
    }

    /// <summary>Properties with the labels of others, and metadata.</summary>
    /// <param name="plain">Has labels and no metadata.</param>
    /// <param name="metadata">Metadata as JSON text.</param>
    public ItemProperties WithMetadata(ItemProperties plain, string metadata)
    {
        ItemField[] fields =
        [
            .. plain.Fields,
            .. ItemProperties.FieldsOf(metadata).Select(field => new ItemField(
                Shared(field.Name), field.Value.Text is { Length: <= LongestShared } text ? FieldValue.Of(Shared(text)) : field.Value)),
        ];
        return new ItemProperties((string[])plain.Labels, fields);
    }

    private ItemProperties WithLabels(string[] labels)
    {
        string key = string.Join('\n', labels);
        if (!byLabels.TryGetValue(key, out ItemProperties? known))
        {
            if (byLabels.Count == Most)
            {
                byLabels.Clear();
            }

            byLabels.Add(key, known = new ItemProperties(
                labels, [.. labels.Select(label => new ItemField(ItemProperties.LabelField, FieldValue.Of(label)))]));
        }

        return known;
    }

    private string Shared(string text)
    {
        if (!texts.TryGetValue(text, out string? known))
        {
            if (texts.Count == Most)
            {
                texts.Clear();
            }

            texts.Add(text, known = text);
        }

        return known;
    }
}
