namespace Dpfah.Core.Indexing.Filters;

/// <summary>An item whose fields a filter can look at. To a filter an item of another type has no fields.</summary>
public interface IFilterable
{
    /// <summary>The fields; a field with several values stands here once for each. Must never change.</summary>
    ReadOnlySpan<ItemField> Fields { get; }
}
