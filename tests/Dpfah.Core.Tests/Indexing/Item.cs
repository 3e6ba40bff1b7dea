using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>What the tests keep with an item: its fields are its label as a number, its name, and the parts of its name.</summary>
internal sealed record Item(string Name, int Label) : IFilterable
{
    private readonly ItemField[] fields =
    [
        new("label", FieldValue.Of(Label)),
        new("name", FieldValue.Of(Name)),
        .. Name.Split(' ', '/').Select(part => new ItemField("part", double.TryParse(part, out double number) ? FieldValue.Of(number) : FieldValue.Of(part))),
        .. (ItemField[])(Label % 2 == 0 ? [new ItemField("even", Label == 0 ? FieldValue.Null : FieldValue.Of(true))] : []),
    ];

    /// <inheritdoc/>
    public ReadOnlySpan<ItemField> Fields => fields;

    public bool Equals(Item? other) => other is not null && Name == other.Name && Label == other.Label;

    public override int GetHashCode() => HashCode.Combine(Name, Label);
}
