namespace Dpfah.Core.Indexing.Filters;

/// <summary>A field of an item with one of its values.</summary>
/// <param name="Name">Name of the field; compared ordinally.</param>
/// <param name="Value">The value.</param>
public readonly record struct ItemField(string Name, FieldValue Value);
