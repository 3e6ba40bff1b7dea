using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Engine.Search;

/// <summary>Part of a ranking over one or more collections of one model.</summary>
/// <param name="Items">Items in the order of their keys.</param>
/// <param name="Counts">Items of the whole ranking at each distance from 0 on, exact at least as far as the last item; to the greatest distance when there is none.</param>
/// <param name="HasMore">Whether items follow.</param>
internal sealed record RankedSlice(IReadOnlyList<RankedItem> Items, IReadOnlyList<long> Counts, bool HasMore);

/// <summary>
/// The items of several collections in one total order. Item numbers are the database's, so that no two collections share one, and
/// the codes of one model can be compared.
/// </summary>
internal sealed class MergedRanking(SearchRun run, IReadOnlyList<CollectionIndex> collections, Ranking query, ItemFilter? filter)
{
    // Of a hit no more is looked at than the field that is collapsed.
    private readonly string? field = query.Collapse is { } key ? ItemProperties.FieldOf(key) : null;

    /// <summary>The first items behind a key.</summary>
    /// <param name="narrower">What an item must pass beside the query's own filter; null for nothing.</param>
    /// <param name="k">Items wanted, at least 1.</param>
    /// <param name="after">The key; null for the start.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<RankedSlice> TakeAsync(ItemFilter? narrower, int k, RankKey? after, CancellationToken cancellationToken)
    {
        IndexQuery<IndexedItem> part = Query(narrower, k, after);
        if (collections.Count == 1)
        {
            IndexAnswer<IndexedItem> answer = (await run.SearchAsync(collections[0], [part], field, cancellationToken))[0];
            return new RankedSlice([.. answer.Neighbors.Select(n => new RankedItem(collections[0], n))], answer.Counts, answer.Next is not null);
        }

        IndexAnswer<IndexedItem>[][] answers = await Task.WhenAll(collections.Select(c => run.SearchAsync(c, [part], field, cancellationToken)));
        return Merge([.. answers.Select(answer => answer[0])], k);
    }

    /// <summary>The same for one query among others of a batch, whose answers come together.</summary>
    public IndexQuery<IndexedItem> Query(ItemFilter? narrower, int k, RankKey? after) => new()
    {
        Code = query.Code,
        Signature = query.Signature,
        Weights = query.Weights,
        K = k,
        Radius = query.Radius,
        Filter = narrower is null ? filter : filter is null ? narrower : ItemFilter.All(filter, narrower),
        Exclude = query.Exclude == 0 ? null : query.Exclude,
        After = after,
    };

    /// <summary>One ranking of the answers of each collection.</summary>
    public RankedSlice Merge(IReadOnlyList<IndexAnswer<IndexedItem>> answers, int k)
    {
        RankedItem[] items =
        [
            .. answers.SelectMany((answer, i) => answer.Neighbors.Select(n => new RankedItem(collections[i], n))).OrderBy(item => item.Neighbor.Key),
        ];
        return new RankedSlice(
            items.Length > k ? items[..k] : items, AnswerMerge.Counts(answers), items.Length > k || answers.Any(answer => answer.Next is not null));
    }
}
