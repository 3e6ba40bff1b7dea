using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Catalogue;

namespace Dpfah.Engine.Search;

/// <summary>
/// A filter as a caller writes it: a JSON object of conditions, all of which must hold. <c>{"brand": "acme"}</c> equals,
/// <c>{"size": ["S", "M"]}</c> is one of, <c>{"price": {"gte": 10, "lt": 20}}</c> lies between, <c>{"sku": {"exists": true}}</c> is there;
/// <c>$and</c>, <c>$or</c> (arrays of objects) and <c>$not</c> (an object) join them; <c>$label</c> and <c>$id</c> are the labels and the id.
/// </summary>
/// <remarks>Names are keys of the metadata; one that begins with '$' is written with two. A key with an array meets a condition when one of its values does.</remarks>
public sealed class SearchFilter
{
    /// <summary>Most bytes of a filter as UTF-8: a cursor carries it, and must fit into the line of a request.</summary>
    public const int MaxBytes = 2048;

    /// <summary>Deepest nesting.</summary>
    public const int MaxDepth = 8;

    private static readonly FrozenSet<string> Operators = FrozenSet.ToFrozenSet(["eq", "in", "gte", "gt", "lte", "lt", "exists"], StringComparer.Ordinal);

    private readonly Func<IReadOnlyDictionary<string, long[]>, ItemFilter> build;

    private SearchFilter(string text, IReadOnlyList<string> ids, Func<IReadOnlyDictionary<string, long[]>, ItemFilter> build)
    {
        Text = text;
        Ids = ids;
        this.build = build;
    }

    /// <summary>The filter as compact JSON.</summary>
    public string Text { get; }

    /// <summary>Public ids that the filter names.</summary>
    public IReadOnlyList<string> Ids { get; }

    /// <summary>Reads a filter.</summary>
    /// <param name="json">JSON text.</param>
    /// <param name="filter">The filter; null when there is a problem.</param>
    /// <returns>Null, or a sentence that says what is wrong.</returns>
    public static string? TryParse(string json, out SearchFilter? filter)
    {
        filter = null;
        if (Encoding.UTF8.GetByteCount(json) > MaxBytes)
        {
            return $"A filter has at most {MaxBytes} bytes; this one has {Encoding.UTF8.GetByteCount(json)}.";
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            var ids = new List<string>();
            Func<IReadOnlyDictionary<string, long[]>, ItemFilter> build = Conditions(document.RootElement, "A filter", ids);
            filter = new SearchFilter(JsonSerializer.Serialize(document.RootElement), [.. ids.Distinct(StringComparer.Ordinal)], build);
            return null;
        }
        catch (FormatException error)
        {
            return error.Message;
        }
        catch (JsonException error)
        {
            return $"A filter is a JSON object, at most {MaxDepth} levels deep, without a name twice in one object: {error.Message}";
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape such as "\ud800" stands for half a character.
            return "A filter is a JSON object of valid Unicode text: an escape in it stands for half a character.";
        }
    }

    /// <summary>The filter for the index.</summary>
    /// <param name="numbers">Item numbers of the pictures of <see cref="Ids"/>; an id that is missing here is no picture's.</param>
    public ItemFilter ToItemFilter(IReadOnlyDictionary<string, long[]> numbers) => build(numbers);

    /// <summary>The filter for the index, once the pictures that it names were looked up.</summary>
    internal async Task<ItemFilter> ResolveAsync(ImageReader images, IReadOnlyCollection<int> collectionIds, CancellationToken cancellationToken) =>
        ToItemFilter(Ids.Count == 0 ? new Dictionary<string, long[]>() : await images.NumbersAsync(collectionIds, Ids, cancellationToken));

    private static Func<IReadOnlyDictionary<string, long[]>, ItemFilter> Conditions(JsonElement element, string what, List<string> ids)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{what} is an object such as {{\"brand\": \"acme\"}}; it was {Name(element)}.");
        }

        Func<IReadOnlyDictionary<string, long[]>, ItemFilter>[] parts = [.. element.EnumerateObject().Select(p => Condition(p.Name, p.Value, ids))];
        return parts.Length == 1 ? parts[0] : numbers => ItemFilter.All(parts.Select(part => part(numbers)));
    }

    private static Func<IReadOnlyDictionary<string, long[]>, ItemFilter> Condition(string name, JsonElement value, List<string> ids)
    {
        switch (name)
        {
            case "$and" or "$or":
                if (value.ValueKind != JsonValueKind.Array)
                {
                    throw new FormatException($"'{name}' takes an array of objects; it was {Name(value)}.");
                }

                Func<IReadOnlyDictionary<string, long[]>, ItemFilter>[] parts = [.. value.EnumerateArray().Select(e => Conditions(e, $"Each entry of '{name}'", ids))];
                return name == "$and" ? numbers => ItemFilter.All(parts.Select(part => part(numbers))) : numbers => ItemFilter.Any(parts.Select(part => part(numbers)));
            case "$not":
                Func<IReadOnlyDictionary<string, long[]>, ItemFilter> inner = Conditions(value, "The value of '$not'", ids);
                return numbers => ItemFilter.Not(inner(numbers));
            case "$id":
                string[] wanted = Texts(name, value, CatalogueRules.CheckId);
                ids.AddRange(wanted);
                return numbers => ItemFilter.Ids(wanted.SelectMany(id => numbers.GetValueOrDefault(id, [])));
            case "$label":
                string[] labels = Texts(name, value, label => CatalogueRules.CheckLabels([label]));
                return Always(ItemFilter.In(ItemProperties.LabelField, labels.Select(FieldValue.Of)));
            case ['$', not '$', ..] or "$":
                throw new FormatException($"There is no '{name}' in a filter: there are $and, $or, $not, $label and $id. A key of the metadata that begins with '$' is written with two.");
            default:
                return Always(OnField(name, value));
        }
    }

    private static ItemFilter OnField(string field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return ItemFilter.In(field, value.ValueKind == JsonValueKind.Array ? Scalars(field, value) : [Scalar(field, value)]);
        }

        var parts = new List<ItemFilter>();
        var limits = new Dictionary<string, FieldValue>(StringComparer.Ordinal);
        foreach (JsonProperty condition in value.EnumerateObject())
        {
            JsonElement operand = condition.Value;
            switch (condition.Name)
            {
                case "eq":
                    parts.Add(ItemFilter.In(field, Scalar(field, operand)));
                    break;
                case "in":
                    parts.Add(ItemFilter.In(field, Scalars(field, operand)));
                    break;
                case "exists":
                    if (operand.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                    {
                        throw new FormatException($"'exists' of '{field}' is true or false; it was {Name(operand)}.");
                    }

                    ItemFilter exists = ItemFilter.Exists(field);
                    parts.Add(operand.GetBoolean() ? exists : ItemFilter.Not(exists));
                    break;
                case "gte" or "gt" or "lte" or "lt":
                    limits.Add(condition.Name, Scalar(field, operand));
                    break;
                default:
                    throw new FormatException($"There is no condition '{condition.Name}' on '{field}'. There are: {string.Join(", ", Operators.Order(StringComparer.Ordinal))}.");
            }
        }

        if (limits.Count > 0)
        {
            parts.Add(Range(field, limits));
        }

        return parts.Count switch
        {
            0 => throw new FormatException($"'{field}' has no condition: write a value, or an object such as {{\"gte\": 10, \"lt\": 20}}."),
            1 => parts[0],
            _ => ItemFilter.All(parts),
        };
    }

    private static ItemFilter Range(string field, Dictionary<string, FieldValue> limits)
    {
        if ((limits.ContainsKey("gte") && limits.ContainsKey("gt")) || (limits.ContainsKey("lte") && limits.ContainsKey("lt")))
        {
            throw new FormatException($"'{field}' has two lower or two upper limits: leave one of them out.");
        }

        try
        {
            return ItemFilter.Between(field, Limit("gte", "gt"), Limit("lte", "lt"), withFrom: !limits.ContainsKey("gt"), withTo: !limits.ContainsKey("lt"));
        }
        catch (ArgumentException)
        {
            throw new FormatException($"The limits of '{field}' are numbers, or texts, both of one kind; they were {string.Join(" and ", limits.Values)}.");
        }

        FieldValue? Limit(string withIt, string withoutIt) =>
            limits.TryGetValue(withIt, out FieldValue limit) || limits.TryGetValue(withoutIt, out limit) ? limit : null;
    }

    private static string[] Texts(string name, JsonElement value, Func<string, string?> check)
    {
        JsonElement[] elements = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (Array.Find(elements, e => e.ValueKind != JsonValueKind.String) is { ValueKind: not JsonValueKind.Undefined } wrong)
        {
            throw new FormatException($"'{name}' takes a text or an array of texts; there was {Name(wrong)}.");
        }

        string[] texts = [.. elements.Select(e => e.GetString()!)];
        return texts.Select(check).FirstOrDefault(problem => problem is not null) is { } sentence ? throw new FormatException(sentence) : texts;
    }

    private static FieldValue[] Scalars(string field, JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(e => Scalar(field, e))]
        : throw new FormatException($"'in' of '{field}' takes an array; it was {Name(value)}.");

    private static FieldValue Scalar(string field, JsonElement value) => ItemProperties.ValueOf(value) is var scalar && scalar != FieldValue.Opaque
        ? scalar
        : throw new FormatException($"'{field}' is compared with texts, numbers, true, false and null; there was {Name(value)}.");

    private static string Name(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };

    private static Func<IReadOnlyDictionary<string, long[]>, ItemFilter> Always(ItemFilter filter) => _ => filter;
}
