using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Search.Shards;
using Dpfah.Engine.Telemetry;

namespace Dpfah.Engine.Search;

/// <summary>Searches the indexes in memory.</summary>
public sealed class SearchService
{
    private readonly IndexFollower follower;
    private readonly ServiceState state;
    private readonly ImageReader images;
    private readonly IShardSearch? shards;
    private readonly SearchGate gate = new(Environment.ProcessorCount);

    internal SearchService(IndexFollower follower, ServiceState state, ImageReader images, IShardSearch? shards)
    {
        this.follower = follower;
        this.state = state;
        this.images = images;
        this.shards = shards;
    }

    /// <summary>Whether collections may be spread over shards here.</summary>
    public bool HasShards => shards is not null;

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

    /// <summary>Waits until all shards of a collection are in memory, when it has any.</summary>
    /// <returns>False when the time was up first.</returns>
    public Task<bool> WaitForShardsAsync(string collection, TimeSpan limit, CancellationToken cancellationToken) =>
        follower.WaitForShardsAsync(collection, limit, cancellationToken);

    /// <summary>The replicas of a collection's shards, in the order of their numbers; null when its codes are all here.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="now">Whether to ask for it, instead of what was known last.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<ShardState>?> ShardsOfAsync(CollectionIndex collection, bool now, CancellationToken cancellationToken) =>
        collection.Layout is { } layout
            ? await shards!.StatesAsync(new ShardedGeneration(collection.Generation.Id, layout), now, cancellationToken)
            : null;

    /// <summary>Generations of a collection into which uploads are hashed beside the one that answers.</summary>
    public IReadOnlyList<LiveGeneration> LiveBeside(CollectionIndex collection) => follower.Beside(collection.CollectionId);

    /// <summary>
    /// Whether the database has let another generation answer than the one of this index, which this node has not applied yet; then a
    /// code that is missing under the old one says nothing. Waits a moment for it to be applied.
    /// </summary>
    public async Task<bool> IsBeingSwitchedAsync(CollectionIndex collection, CancellationToken cancellationToken)
    {
        if (await images.IsActiveAsync(collection.Generation.Id, cancellationToken))
        {
            return false;
        }

        if (follower.Find(collection.Name)?.Generation.Id == collection.Generation.Id)
        {
            await follower.WaitForNewsAsync(cancellationToken);
        }

        return true;
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

    /// <summary>Ranks the items of one or more collections by (Hamming distance, weighted distance, signature distance, item number).</summary>
    /// <param name="collections">The collections; of one model when there are several.</param>
    /// <param name="query">What to rank.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when a collection was deleted, or got another generation, since it was looked up.</returns>
    /// <exception cref="ArgumentException">A value of the ranking is out of range or of another length than the collections' codes.</exception>
    public async Task<RankedPage?> SearchAsync(IReadOnlyList<CollectionIndex> collections, Ranking query, CancellationToken cancellationToken) =>
        (await SearchAsync(collections, [query], null, cancellationToken))?[0];

    /// <summary>Answers several queries to the same collections, with the same labels and filter, together.</summary>
    /// <inheritdoc cref="SearchAsync(IReadOnlyList{CollectionIndex}, Ranking, CancellationToken)"/>
    /// <param name="collections">The collections; of one model when there are several.</param>
    /// <param name="queries">What to rank; labels and filter are the first query's.</param>
    /// <param name="seen">What was waited for (<see cref="WaitAsync"/>), so that shards on other nodes have seen it too; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NotReadyException">No shard answers, or one has not seen in time what was waited for.</exception>
    public async Task<IReadOnlyList<RankedPage>?> SearchAsync(
        IReadOnlyList<CollectionIndex> collections, IReadOnlyList<Ranking> queries, Position? seen, CancellationToken cancellationToken)
    {
        if (queries.Count == 0)
        {
            return [];
        }

        using Stage.Run stage = Stage.Search.Begin();
        ItemFilter? filter = await FilterAsync(collections, queries[0], cancellationToken);

        // The picture was hashed since: the indexes that answer and the position that is told are read together, now.
        if (follower.Look(collections) is not ({ } now, var position))
        {
            return null;
        }

        var run = new SearchRun(gate, shards, position.Value, seen?.Value ?? 0);
        MergedRanking[] rankings = [.. queries.Select(query => new MergedRanking(run, now, query, filter))];
        RankedSlice[] slices = queries.Count == 1 || queries[0].Collapse is not null
            ? await OneByOneAsync(queries, rankings, cancellationToken)
            : await TogetherAsync(run, now, queries, rankings, cancellationToken);
        if (run.IsSwitched)
        {
            // This node has not followed the log so far yet.
            await follower.WaitAsync(run.SwitchedAt, cancellationToken);
            if (follower.Look(collections).Indexes is not null)
            {
                await follower.WaitForNewsAsync(cancellationToken);
            }

            return null;
        }

        stage.Done();
        return [.. queries.Select((query, i) => ToPage(now, query, new Position(position.Epoch, run.Position), slices[i], run.Missing))];
    }

    private static async Task<RankedSlice[]> OneByOneAsync(
        IReadOnlyList<Ranking> queries, MergedRanking[] rankings, CancellationToken cancellationToken)
    {
        var slices = new RankedSlice[queries.Count];
        for (int i = 0; i < slices.Length; i++)
        {
            slices[i] = queries[i].Collapse is { } key
                ? await new CollapsedRanking(rankings[i], ItemProperties.FieldOf(key)).TakeAsync(queries[i].K, queries[i].After, cancellationToken)
                : await rankings[i].TakeAsync(null, queries[i].K, queries[i].After, cancellationToken);
        }

        return slices;
    }

    private static async Task<RankedSlice[]> TogetherAsync(
        SearchRun run, IReadOnlyList<CollectionIndex> collections, IReadOnlyList<Ranking> queries, MergedRanking[] rankings, CancellationToken cancellationToken)
    {
        IndexQuery<IndexedItem>[] parts = [.. rankings.Select((ranking, i) => ranking.Query(null, queries[i].K, queries[i].After))];
        IndexAnswer<IndexedItem>[][] answers = await Task.WhenAll(collections.Select(c => run.SearchAsync(c, parts, null, cancellationToken)));
        return [.. rankings.Select((ranking, i) => ranking.Merge([.. answers.Select(answer => answer[i])], queries[i].K))];
    }

    private async Task<ItemFilter?> FilterAsync(IReadOnlyList<CollectionIndex> collections, Ranking query, CancellationToken cancellationToken)
    {
        ItemFilter? labels = query.Labels.Count == 0 ? null : ItemFilter.In(ItemProperties.LabelField, query.Labels.Select(FieldValue.Of));
        if (query.Filter is not { } filter)
        {
            return labels;
        }

        ItemFilter conditions = await filter.ResolveAsync(images, [.. collections.Select(c => c.CollectionId)], cancellationToken);
        return labels is null ? conditions : ItemFilter.All(labels, conditions);
    }

    private static RankedPage ToPage(
        IReadOnlyList<CollectionIndex> collections, Ranking query, Position position, RankedSlice slice, IReadOnlyList<string> missing)
    {
        if (slice.Items.Count == 0)
        {
            return new RankedPage(collections, query, position, [], null, 0, 0, null, missing);
        }

        RankKey last = slice.Items[^1].Neighbor.Key;
        return new RankedPage(
            collections,
            query,
            position,
            slice.Items,
            last.Distance,
            slice.Counts.Take(last.Distance).Sum(),
            slice.Counts[last.Distance],
            slice.HasMore
                ? new RankingCursor([.. collections.Select(c => new SearchedGeneration(c.Name, c.Generation.Id))], query with { After = last })
                : null,
            missing);
    }
}
