using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Hosting;

namespace Dpfah.Engine.Search;

/// <summary>What to rank, and how far.</summary>
/// <param name="Code">The query's code.</param>
/// <param name="Signature">The query's signature; null ranks by (distance, item number).</param>
/// <param name="K">Items wanted, 1 to <see cref="SearchLimits.MaxK"/>.</param>
/// <param name="Radius">Largest distance in bits; null for none.</param>
/// <param name="Labels">Labels of which an item must have one (exact, ordinal); empty for all items.</param>
public sealed record Ranking(BinaryCode Code, BinaryCode? Signature, int K, int? Radius, IReadOnlyList<string> Labels)
{
    /// <summary>Item number that is left out; 0 for none.</summary>
    public long Exclude { get; init; }

    /// <summary>Key of the last item of the page before; null for the first page.</summary>
    public RankKey? After { get; init; }
}

/// <summary>A page of a ranking.</summary>
/// <param name="Collection">The index that answered.</param>
/// <param name="Query">What was ranked.</param>
/// <param name="Position">Every change up to here was seen.</param>
/// <param name="Answer">Neighbours and cut.</param>
/// <param name="Next">Cursor of the next page; null on the last.</param>
public sealed record RankedPage(CollectionIndex Collection, Ranking Query, Position Position, IndexAnswer<IndexedItem> Answer, RankingCursor? Next);

/// <summary>Searches the indexes in memory.</summary>
public sealed class SearchService
{
    private readonly IndexFollower follower;
    private readonly ServiceState state;

    internal SearchService(IndexFollower follower, ServiceState state)
    {
        this.follower = follower;
        this.state = state;
    }

    /// <summary>The database's epoch, in which positions are told.</summary>
    public int Epoch => follower.Epoch;

    /// <summary>All collections that can be searched, in ordinal order of their names.</summary>
    /// <exception cref="NotReadyException">The service is starting.</exception>
    public IReadOnlyList<CollectionIndex> Collections
    {
        get
        {
            state.ThrowIfNotReady();
            return [.. follower.Collections.Values.OrderBy(c => c.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Finds a collection.</summary>
    /// <returns>Null when there is none of that name.</returns>
    /// <exception cref="NotReadyException">The service is starting.</exception>
    public CollectionIndex? Find(string collection)
    {
        state.ThrowIfNotReady();
        return follower.Find(collection);
    }

    /// <summary>Waits until searches see every change up to a position.</summary>
    /// <exception cref="ArgumentException">The position belongs to another epoch of the database.</exception>
    /// <exception cref="NotReadyException">The position was not reached in time.</exception>
    public async Task WaitAsync(Position position, CancellationToken cancellationToken)
    {
        if (position.Epoch != follower.Epoch)
        {
            throw new ArgumentException(
                $"Position {position} belongs to epoch {position.Epoch} of the database; it is now in epoch {follower.Epoch}.", nameof(position));
        }

        if (!await follower.WaitAsync(position.Value, cancellationToken))
        {
            throw new NotReadyException(
                $"The index has reached position {follower.Applied} and not yet {position}: a long transaction on the database server may hold it back.");
        }
    }

    /// <summary>Ranks the items of a collection by (Hamming distance, signature distance, item number).</summary>
    /// <returns>Null when the collection was deleted, or got another generation, since it was looked up.</returns>
    /// <exception cref="ArgumentException">A value of the ranking is out of range or of another length than the collection's codes.</exception>
    public RankedPage? Search(CollectionIndex collection, Ranking query, CancellationToken cancellationToken)
    {
        // The picture was hashed since: the index that answers and the position that is told are read together, now.
        (CollectionIndex? now, Position position) = follower.Look(collection.Name);
        if (now?.CollectionId != collection.CollectionId || now.Generation.Id != collection.Generation.Id)
        {
            return null;
        }

        collection = now;
        HashSet<string>? wanted = query.Labels.Count == 0 ? null : query.Labels.ToHashSet(StringComparer.Ordinal);
        IndexSnapshot<IndexedItem> snapshot = collection.Snapshot;
        IndexedItem? exclude = query.Exclude != 0 && snapshot.TryGet(query.Exclude, out IndexEntry<IndexedItem> left) ? left.Item : null;
        IndexAnswer<IndexedItem> answer = snapshot.Search(
            new IndexQuery<IndexedItem>
            {
                Code = query.Code,
                Signature = query.Signature,
                K = query.K,
                Radius = query.Radius,
                Filter = wanted is null && exclude is null
                    ? null
                    : item => item != exclude && (wanted is null || item.Labels.Any(wanted.Contains)),
                After = query.After,
            },
            cancellationToken);
        RankingCursor? next = answer.Next is not { } key
            ? null
            : new RankingCursor(
                collection.Name, collection.Generation.Id, query.Code, query.Signature, query.Radius, query.Labels, query.Exclude, query.K, key);
        return new RankedPage(collection, query, position, answer, next);
    }
}
