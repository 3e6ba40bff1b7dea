namespace Dpfah.Engine.Search;

/// <summary>What the index keeps of an item beside its codes.</summary>
/// <param name="PublicId">Public id in the collection.</param>
/// <param name="Labels">Labels, in the order in which they were given.</param>
public sealed record IndexedItem(string PublicId, IReadOnlyList<string> Labels);
