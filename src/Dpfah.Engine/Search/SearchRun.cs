using System.Collections.Concurrent;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Engine.Search;

/// <summary>One search, which may go over the indexes of this process and over shards of others: what all its parts have seen.</summary>
/// <param name="gate">Searches the indexes of this process.</param>
/// <param name="shards">Searches shards; null where there are none.</param>
/// <param name="applied">What the indexes of this process have seen.</param>
/// <param name="wanted">What each shard must have seen.</param>
internal sealed class SearchRun(SearchGate gate, IShardSearch? shards, ulong applied, ulong wanted)
{
    private readonly ConcurrentDictionary<string, bool> missing = new(StringComparer.Ordinal);
    private readonly Lock positions = new();

    /// <summary>Every change up to here was seen by all that answered.</summary>
    public ulong Position { get; private set; } = applied;

    /// <summary>Whether a shard answers under another generation, by <see cref="SwitchedAt"/>: what was found is worth nothing.</summary>
    public bool IsSwitched => SwitchedAt != 0;

    /// <summary>A position at which another generation answers.</summary>
    public ulong SwitchedAt { get; private set; }

    /// <summary>Shards that did not answer, as "collection: shard 3 of 8", counted from 1.</summary>
    public IReadOnlyList<string> Missing => [.. missing.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Answers queries to one collection.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="queries">The queries.</param>
    /// <param name="field">A field whose values are wanted of each neighbor; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Hosting.NotReadyException">No shard answers, or one has not seen what was wanted in time.</exception>
    public async Task<IndexAnswer<IndexedItem>[]> SearchAsync(
        CollectionIndex collection, IReadOnlyList<IndexQuery<IndexedItem>> queries, string? field, CancellationToken cancellationToken)
    {
        if (collection.Layout is not { } layout)
        {
            return await gate.SearchAsync(collection, queries, cancellationToken);
        }

        ShardAnswers found = await shards!.SearchAsync(
            new ShardedGeneration(collection.Generation.Id, layout), queries, field, Math.Max(wanted, collection.Since), wanted > collection.Since, cancellationToken);
        if (found.Switched)
        {
            SwitchedAt = Math.Max(found.Position, 1);
            return [.. queries.Select(_ => new IndexAnswer<IndexedItem> { Neighbors = [], Counts = new long[collection.Generation.Bits + 1] })];
        }

        List<IndexAnswer<IndexedItem>[]> answers = [.. found.Answers.OfType<IndexAnswer<IndexedItem>[]>()];
        if (found.Behind || answers.Count == 0)
        {
            throw new Hosting.NotReadyException(
                found.Behind
                    ? $"A shard of collection '{collection.Name}' has not seen all changes up to the position that was asked for: a long transaction on the database server may hold it back."
                    : $"No shard of collection '{collection.Name}' answers at the moment.");
        }

        for (int shard = 0; shard < found.Answers.Count; shard++)
        {
            if (found.Answers[shard] is null)
            {
                missing.TryAdd($"{collection.Name}: shard {shard + 1} of {found.Answers.Count}", true);
            }
        }

        lock (positions)
        {
            Position = Math.Min(Position, found.Position);
        }

        return [.. queries.Select((query, i) => AnswerMerge.Of([.. answers.Select(answer => answer[i])], query.K))];
    }
}
