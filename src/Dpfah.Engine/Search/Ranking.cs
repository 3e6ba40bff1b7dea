using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Engine.Search;

/// <summary>What to rank, and how far.</summary>
/// <param name="Code">The query's code.</param>
/// <param name="Signature">The query's signature; null ranks ties by item number.</param>
/// <param name="K">Items wanted, 1 to <see cref="SearchLimits.MaxK"/>.</param>
/// <param name="Radius">Largest distance in bits; null for none.</param>
/// <param name="Labels">Labels of which an item must have one (exact, ordinal); empty for all items.</param>
public sealed record Ranking(BinaryCode Code, BinaryCode? Signature, int K, int? Radius, IReadOnlyList<string> Labels)
{
    /// <summary>Conditions that an item must meet; null for none.</summary>
    public SearchFilter? Filter { get; init; }

    /// <summary>Key of the metadata of whose every value only the first item counts; null to show all. Items without a single value of it stand alone.</summary>
    public string? Collapse { get; init; }

    /// <summary>A weight for each bit, for the asymmetric order among equal distances; null for none.</summary>
    public IReadOnlyList<ushort>? Weights { get; init; }

    /// <summary>Item number that is left out; 0 for none.</summary>
    public long Exclude { get; init; }

    /// <summary>Key of the last item of the page before; null for the first page.</summary>
    public RankKey? After { get; init; }
}

/// <summary>An item of a page, and the collection that it belongs to.</summary>
/// <param name="Collection">The collection's index.</param>
/// <param name="Neighbor">The item.</param>
public readonly record struct RankedItem(CollectionIndex Collection, Neighbor<IndexedItem> Neighbor);

/// <summary>A page of a ranking.</summary>
/// <param name="Collections">The indexes that answered.</param>
/// <param name="Query">What was ranked.</param>
/// <param name="Position">Every change up to here was seen.</param>
/// <param name="Items">At most k items in the order of their keys.</param>
/// <param name="CutDistance">Distance of the last item; null for an empty page.</param>
/// <param name="BelowCut">Items of the whole ranking that are nearer, after filters and before collapsing.</param>
/// <param name="TiedAtCut">Items of the whole ranking at that distance, after filters and before collapsing.</param>
/// <param name="Next">Cursor of the next page; null on the last.</param>
/// <param name="Missing">Shards that did not answer, whose items are therefore not in it; empty when all did.</param>
public sealed record RankedPage(
    IReadOnlyList<CollectionIndex> Collections,
    Ranking Query,
    Position Position,
    IReadOnlyList<RankedItem> Items,
    int? CutDistance,
    long BelowCut,
    long TiedAtCut,
    RankingCursor? Next,
    IReadOnlyList<string> Missing);
