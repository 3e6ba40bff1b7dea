using System.Collections.Frozen;
using Dpfah.Core.Codes;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Search;

/// <summary>
/// Keeps the indexes in step with the database: loads them at start, then follows the change log. All collections share
/// one horizon, so one number says what every search sees.
/// </summary>
internal sealed partial class IndexFollower(
    Database database, ModelStore models, EngineOptions options, ILogger<IndexFollower> logger) : IDisposable
{
    private const int ApplyBatch = 500;

    private static readonly TimeSpan BriefWait = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim wake = new(0, 1);
    private volatile State state = new(0, 0, FrozenDictionary<string, CollectionIndex>.Empty);
    private volatile TaskCompletionSource advanced = NewSignal();

    /// <summary>All that a reader needs, published by one write.</summary>
    private sealed record State(int Epoch, ulong Horizon, FrozenDictionary<string, CollectionIndex> Collections);

    /// <summary>The database's epoch; 0 before the first load.</summary>
    public int Epoch => state.Epoch;

    /// <summary>The last position that every search sees.</summary>
    public Position Applied
    {
        get
        {
            State now = state;
            return new Position(now.Epoch, now.Horizon == 0 ? 0 : now.Horizon - 1);
        }
    }

    /// <summary>The collections, by name.</summary>
    public FrozenDictionary<string, CollectionIndex> Collections => state.Collections;

    /// <summary>The indexes of some collections as they are now, together with the last position that they have seen for certain.</summary>
    /// <returns>No indexes when a collection was deleted, or got another generation, since it was looked up.</returns>
    public (IReadOnlyList<CollectionIndex>? Indexes, Position Applied) Look(IReadOnlyList<CollectionIndex> collections)
    {
        State now = state;
        var found = new List<CollectionIndex>(collections.Count);
        foreach (CollectionIndex collection in collections)
        {
            if (now.Collections.GetValueOrDefault(collection.Name) is { } index
                && index.CollectionId == collection.CollectionId && index.Generation.Id == collection.Generation.Id)
            {
                found.Add(index);
            }
        }

        return (found.Count == collections.Count ? found : null, new Position(now.Epoch, now.Horizon == 0 ? 0 : now.Horizon - 1));
    }

    /// <summary>Finds a collection's index.</summary>
    public CollectionIndex? Find(string collection) => state.Collections.GetValueOrDefault(collection);

    /// <summary>Asks for the log to be read now; called after each write of this process.</summary>
    public void Wake()
    {
        try
        {
            wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already asked for.
        }
    }

    /// <summary>Waits until every change up to a position is in the index, at most <see cref="EngineOptions.PositionTimeout"/>.</summary>
    /// <returns>False when the time was up first.</returns>
    public Task<bool> WaitAsync(ulong position, CancellationToken cancellationToken) =>
        WaitAsync(position, options.PositionTimeout, cancellationToken);

    /// <summary>
    /// Waits a moment for a write of this process, so that a search on this node that follows the answer sees it. A caller
    /// that must be sure, or asks another node, names the position in its search.
    /// </summary>
    public Task<bool> WaitBrieflyAsync(ulong position) => WaitAsync(position, BriefWait, CancellationToken.None);

    private async Task<bool> WaitAsync(ulong position, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        while (true)
        {
            Task signal = advanced.Task;
            if (state.Horizon > position)
            {
                return true;
            }

            Wake();
            try
            {
                await signal.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return state.Horizon > position;
            }
        }
    }

    /// <summary>Loads all collections anew and checks them against the digests that the database keeps.</summary>
    /// <param name="epoch">The database's epoch.</param>
    /// <param name="progress">Told how many codes were loaded, and of how many.</param>
    /// <param name="cancellationToken">Stops loading; the indexes go on as they were.</param>
    /// <exception cref="InvalidDataException">A digest does not agree, or a row cannot be read.</exception>
    public async Task LoadAsync(int epoch, Action<long, long> progress, CancellationToken cancellationToken)
    {
        // One snapshot of the database: what is in it is loaded, and the log is followed from its horizon on.
        (ulong horizon, Dictionary<string, CollectionIndex> collections) = await database.ReadAsync(
            async (context, token) =>
            {
                await using Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction snapshot = await database.BeginSnapshotAsync(context, token);
                ulong from = await database.HorizonAsync(context, token);
                return (from, await new IndexLoading(database, this, progress).LoadAsync(context, token));
            },
            cancellationToken);
        Publish(new State(epoch, horizon, collections.ToFrozenDictionary(StringComparer.Ordinal)));
    }

    private static IQueryable<ItemState> States(DpfahContext context, CollectionIndex index, IReadOnlyCollection<long> numbers)
    {
        int collectionId = index.CollectionId, generationId = index.Generation.Id;
        return context.Items
            .Where(i => i.CollectionId == collectionId && numbers.Contains(i.Number))
            .Join(context.Codes.Where(c => c.GenerationId == generationId), i => i.Number, c => c.ItemNumber, (i, c) => new { i, c })
            .Select(x => new ItemState(
                x.i.Number, true, x.i.PublicId, x.i.Labels, x.i.Metadata, BinaryCode.FromBytes(x.c.Code), BinaryCode.FromBytes(x.c.Signature)));
    }

    /// <summary>Follows the log until it is cancelled; returns when the log was trimmed behind this reader and a reload is due.</summary>
    /// <param name="healthy">Told after each reading whether the database answered, with the reason when it did not.</param>
    /// <param name="cancellationToken">Ends the following.</param>
    public async Task FollowAsync(Action<string?> healthy, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (!await AdvanceAsync(cancellationToken))
                {
                    return;
                }

                healthy(null);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // The index goes on answering; the database is asked again at the next turn.
                healthy(error.GetBaseException().Message);
                LogReadFailed(error.GetBaseException().Message);
            }

            await wake.WaitAsync(options.PollInterval, cancellationToken);
        }
    }

    private async Task<bool> AdvanceAsync(CancellationToken cancellationToken)
    {
        State now = state;
        (ulong horizon, bool trimmed, List<Change> changes) = await database.ReadAsync(
            async (context, token) =>
            {
                ulong to = await database.HorizonAsync(context, token);
                if (to <= now.Horizon)
                {
                    return (now.Horizon, false, []);
                }

                // Read after the horizon: each row below it is committed by now and therefore visible.
                List<Change> rows = await database.Changes(context, now.Horizon, to).ToListAsync(token);
                bool behind = (ulong)(await context.DatabaseInfo.SingleAsync(token)).TrimmedBelow > now.Horizon;
                return (to, behind, rows);
            },
            cancellationToken);
        if (trimmed)
        {
            return false;
        }

        if (horizon > now.Horizon)
        {
            FrozenDictionary<string, CollectionIndex> collections = await ApplyAsync(now.Collections, changes, cancellationToken);
            Publish(now with { Horizon = horizon, Collections = collections });
        }

        return true;
    }

    private async Task<FrozenDictionary<string, CollectionIndex>> ApplyAsync(
        FrozenDictionary<string, CollectionIndex> collections, List<Change> changes, CancellationToken cancellationToken)
    {
        if (changes.Exists(c => c.Kind is ChangeKind.CollectionCreated or ChangeKind.CollectionDeleted))
        {
            collections = await ReadCollectionsAsync(collections, cancellationToken);
        }

        // A write has a row for each generation; those of which no index is kept are passed over.
        Dictionary<int, CollectionIndex> byId = collections.Values.ToDictionary(c => c.Generation.Id);
        foreach (var group in changes.Where(c => c.ItemNumber != 0).GroupBy(c => c.GenerationId))
        {
            if (!byId.TryGetValue(group.Key, out CollectionIndex? index))
            {
                continue;
            }

            foreach (long[] numbers in group.Select(c => c.ItemNumber).Distinct().Chunk(ApplyBatch))
            {
                List<ItemState> states = await database.ReadAsync(
                    (context, token) => States(context, index, numbers).ToListAsync(token), cancellationToken);
                states.AddRange(numbers.Except(states.Select(s => s.Number)).Select(ItemState.Gone));
                index.Apply(states);
            }
        }

        return collections;
    }

    private async Task<FrozenDictionary<string, CollectionIndex>> ReadCollectionsAsync(
        FrozenDictionary<string, CollectionIndex> known, CancellationToken cancellationToken)
    {
        List<(Collection Collection, Generation Generation)> rows = await database.ReadAsync(
            async (context, token) =>
                (await context.Collections.Where(c => c.DeletedAt == null)
                    .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => new { c, g })
                    .ToListAsync(token)).ConvertAll(x => (x.c, x.g)),
            cancellationToken);
        var collections = new Dictionary<string, CollectionIndex>(StringComparer.Ordinal);
        foreach ((Collection collection, Generation generation) in rows)
        {
            // Items of a new collection follow in the log, behind the row that created it.
            collections.Add(
                collection.Name,
                known.GetValueOrDefault(collection.Name) is { } index && index.CollectionId == collection.Id && index.Generation.Id == generation.Id
                    ? index
                    : new CollectionIndex(collection.Id, collection.Name, await DescribeAsync(generation, cancellationToken)));
        }

        return collections.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>A generation with its model's name and bits.</summary>
    public async Task<GenerationInfo> DescribeAsync(Generation generation, CancellationToken cancellationToken)
    {
        ModelInfo model = await models.GetAsync(generation.ModelId, cancellationToken);
        return new GenerationInfo(
            generation.Id, generation.ModelId, model.Description.Name, model.Description.Bits, generation.Decoder, generation.Arithmetic);
    }

    /// <inheritdoc/>
    public void Dispose() => wake.Dispose();

    private void Publish(State next)
    {
        state = next;
        Interlocked.Exchange(ref advanced, NewSignal()).TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The change log cannot be read, trying again: {Reason}")]
    private partial void LogReadFailed(string reason);
}
