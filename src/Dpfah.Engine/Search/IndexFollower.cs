using System.Collections.Frozen;
using System.Diagnostics;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search.Shards;
using Dpfah.Engine.Telemetry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Search;

/// <summary>
/// Keeps the indexes in step with the database: loads them at start, then follows the change log. All collections share
/// one horizon, so one number says what every search sees.
/// </summary>
internal sealed partial class IndexFollower : IDisposable
{
    private const int ApplyBatch = 500;

    // Each takes three connections, of which a server has a hundred for all nodes.
    private const int LoadsAtOnce = 2;

    private static readonly TimeSpan BriefWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WaitInterval = TimeSpan.FromMilliseconds(20);

    private readonly Database database;
    private readonly ModelStore models;
    private readonly EngineOptions options;
    private readonly RecentQueries recent;
    private readonly ILogger<IndexFollower> logger;
    private readonly IShardSearch? shards;
    private readonly StandbyIndexes standby;
    private readonly SemaphoreSlim loads = new(LoadsAtOnce);

    // Shards that this node has, each as often as somebody holds it.
    private readonly Dictionary<IndexKey, int> held = [];
    private int refreshWanted;
    private readonly SemaphoreSlim wake = new(0, 1);
    private volatile State state = new(
        0,
        0,
        FrozenDictionary<string, CollectionIndex>.Empty,
        FrozenDictionary<IndexKey, CollectionIndex>.Empty,
        FrozenDictionary<int, LiveGeneration[]>.Empty,
        FrozenSet<ShardedGeneration>.Empty,
        FrozenSet<int>.Empty);

    private volatile TaskCompletionSource advanced = NewSignal();

    // After a load nobody knows which generations are to stand by.
    private bool refreshDue;

    // The server's last start that is known; read and written by whoever loads or follows.
    private string? recovery;

    // From here on positions were given anew, and what is at them may not have been applied; the greatest number for none.
    private ulong doubtful = ulong.MaxValue;

    public IndexFollower(
        Database database, ModelStore models, EngineOptions options, RecentQueries recent, ILogger<IndexFollower> logger, IShardSearch? shards = null)
    {
        (this.database, this.models, this.options, this.recent, this.logger, this.shards) = (database, models, options, recent, logger, shards);
        standby = new StandbyIndexes(LoadAsync, Wake);
        if (shards is not null)
        {
            shards.Loaded += Refresh;
        }
    }

    /// <summary>All that a reader needs, published by one write.</summary>
    /// <param name="Epoch">The database's epoch.</param>
    /// <param name="Horizon">Everything below this position was applied.</param>
    /// <param name="Collections">What answers, by the names of collections.</param>
    /// <param name="Standby">What is ready to answer, and shards of which this node has a replica.</param>
    /// <param name="Beside">Generations that are filled or ready, by collection.</param>
    /// <param name="Sharded">Generations whose shards are kept on the nodes.</param>
    /// <param name="Answering">Generations that answer; worked out when the state is published.</param>
    private sealed record State(
        int Epoch,
        ulong Horizon,
        FrozenDictionary<string, CollectionIndex> Collections,
        FrozenDictionary<IndexKey, CollectionIndex> Standby,
        FrozenDictionary<int, LiveGeneration[]> Beside,
        FrozenSet<ShardedGeneration> Sharded,
        FrozenSet<int> Answering);

    /// <summary>Whether collections may be spread over shards; where there is no cluster they are not, whatever the database says.</summary>
    public bool HasShards => shards is not null;

    /// <summary>The database's epoch; 0 before the first load.</summary>
    public int Epoch => state.Epoch;

    /// <summary>The last position that every search sees.</summary>
    public Position Applied
    {
        get
        {
            State now = state;
            return new Position(now.Epoch, Before(now.Horizon));
        }
    }

    /// <summary>How far behind it is.</summary>
    public IndexLag Lag { get; } = new();

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

        return (found.Count == collections.Count ? found : null, new Position(now.Epoch, Before(now.Horizon)));
    }

    /// <summary>Finds a collection's index.</summary>
    public CollectionIndex? Find(string collection) => state.Collections.GetValueOrDefault(collection);

    /// <summary>The generations of a collection that are filled, or ready to be activated.</summary>
    public IReadOnlyList<LiveGeneration> Beside(int collectionId) => state.Beside.GetValueOrDefault(collectionId) ?? [];

    /// <summary>The index of a generation that is complete and does not answer; null when it is not in memory.</summary>
    public CollectionIndex? FindStandby(int generationId) => state.Standby.GetValueOrDefault(new IndexKey(generationId));

    /// <summary>The indexes in this process of a collection that answers: its own, or those of its shards that this node has.</summary>
    public IEnumerable<CollectionIndex> IndexesOf(CollectionIndex collection) => collection.Layout is null
        ? [collection]
        : state.Standby.Where(pair => pair.Key.Shards > 0 && pair.Key.Generation == collection.Generation.Id).Select(pair => pair.Value);

    /// <summary>Takes a shard into this process, or keeps it there, until what is returned is disposed of.</summary>
    public IDisposable Hold(IndexKey key)
    {
        lock (held)
        {
            held[key] = held.GetValueOrDefault(key) + 1;
        }

        Refresh();
        return new Held(() =>
        {
            lock (held)
            {
                if (--held[key] == 0)
                {
                    held.Remove(key);
                }
            }

            Refresh();
        });
    }

    /// <summary>A shard of this process as it is now.</summary>
    /// <returns>
    /// The index, null while it is loaded; whether its generation answers, as far as this node has followed the log; and the last position
    /// that the index has seen for certain.
    /// </returns>
    public (CollectionIndex? Index, bool Answers, ulong Applied) LookAtShard(IndexKey key)
    {
        State now = state;
        return (now.Standby.GetValueOrDefault(key), now.Answering.Contains(key.Generation), Before(now.Horizon));
    }

    /// <summary>Asks for a look at what answers and what is to be kept.</summary>
    private void Refresh()
    {
        Volatile.Write(ref refreshWanted, 1);
        Wake();
    }

    /// <summary>Waits until something was applied, or a moment.</summary>
    public Task WaitForNewsAsync(CancellationToken cancellationToken)
    {
        State now = state;
        return WaitAsync(other => other != now, BriefWait, cancellationToken);
    }

    /// <summary>Waits until other indexes answer than some that did. Nobody is asked to read the log for it.</summary>
    /// <param name="known">What answered.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task WaitForOthersAsync(FrozenDictionary<string, CollectionIndex> known, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal = advanced.Task;
            if (state.Collections != known)
            {
                return;
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until the index of a generation is in memory, whether it answers or stands by.</summary>
    /// <returns>False when the time was up first.</returns>
    public Task<bool> WaitForGenerationAsync(int generationId, TimeSpan limit, CancellationToken cancellationToken) => WaitAsync(
        now => now.Standby.ContainsKey(new IndexKey(generationId))
            || now.Collections.Values.Any(c => c.Generation.Id == generationId)
            || now.Sharded.Any(s => s.Generation == generationId && shards!.IsLoaded(s)),
        limit,
        cancellationToken);

    /// <summary>Waits until all shards of a collection are in memory, when it has any.</summary>
    /// <returns>False when the time was up first.</returns>
    public Task<bool> WaitForShardsAsync(string collection, TimeSpan limit, CancellationToken cancellationToken) => WaitAsync(
        now => now.Collections.GetValueOrDefault(collection) is not { Layout: { } layout } index || shards!.IsLoaded(new ShardedGeneration(index.Generation.Id, layout)),
        limit,
        cancellationToken);

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

    private Task<bool> WaitAsync(ulong position, TimeSpan limit, CancellationToken cancellationToken) =>
        WaitAsync(now => now.Horizon > position && position < Volatile.Read(ref doubtful), limit, cancellationToken);

    /// <summary>
    /// Told of the position of a write before it commits. Everything below the horizon has ended, so a position below it was given a second
    /// time: the server crashed and lost the numbers of transactions that left nothing on disk. The log is then read again from there.
    /// </summary>
    public void Expect(ulong position)
    {
        if (state.Horizon <= position)
        {
            return;
        }

        ulong known = Volatile.Read(ref doubtful);
        while (position < known)
        {
            known = Interlocked.CompareExchange(ref doubtful, position, known);
        }
    }

    private async Task<bool> WaitAsync(Func<State, bool> reached, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        while (true)
        {
            Task signal = advanced.Task;
            if (reached(state))
            {
                return true;
            }

            Wake();
            try
            {
                // Looked at again before the next poll: what holds the horizon back is often gone within milliseconds.
                await Task.WhenAny(signal, Task.Delay(WaitInterval, timeout.Token));
                timeout.Token.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return reached(state);
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
        ulong doubt = Volatile.Read(ref doubtful);
        (LogHorizon horizon, Dictionary<string, CollectionIndex> collections) = await database.ReadAsync(
            async (context, token) =>
            {
                await using Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction snapshot = await database.BeginSnapshotAsync(context, token);
                LogHorizon from = await database.ReadHorizonAsync(context, token);
                Dictionary<string, CollectionIndex> loaded = await new IndexLoading(database, this, progress).LoadAsync(context, token);
                await AddShardedAsync(context, loaded, Before(from.Position), token);
                return (from, loaded);
            },
            cancellationToken);
        standby.Clear();
        recent.Clear();
        recovery = horizon.Recovery;
        refreshDue = true;
        Publish(new State(
            epoch,
            horizon.Position,
            collections.ToFrozenDictionary(StringComparer.Ordinal),
            FrozenDictionary<IndexKey, CollectionIndex>.Empty,
            FrozenDictionary<int, LiveGeneration[]>.Empty,
            FrozenSet<ShardedGeneration>.Empty,
            FrozenSet<int>.Empty));
        Interlocked.CompareExchange(ref doubtful, ulong.MaxValue, doubt);
        Lag.Load();
    }

    /// <summary>Adds the collections that are spread over shards: nothing of them is loaded here.</summary>
    private async Task AddShardedAsync(
        DpfahContext context, Dictionary<string, CollectionIndex> collections, ulong applied, CancellationToken cancellationToken)
    {
        if (!HasShards)
        {
            return;
        }

        var rows = await context.Collections.Where(c => c.DeletedAt == null && c.Shards > 0)
            .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => new { Collection = c, Generation = g })
            .ToListAsync(cancellationToken);
        foreach (var row in rows)
        {
            collections.Add(
                row.Collection.Name,
                new CollectionIndex(
                    row.Collection.Id, row.Collection.Name, await DescribeAsync(row.Generation, cancellationToken), LayoutOf(row.Collection)!, applied));
        }
    }

    private ShardLayout? LayoutOf(Collection collection) =>
        HasShards && collection.Shards > 0 ? new ShardLayout(collection.Shards, collection.Replicas) : null;

    private async Task<CollectionIndex?> LoadAsync(IndexKey key, CancellationToken cancellationToken)
    {
        await loads.WaitAsync(cancellationToken);
        try
        {
            return await database.ReadAsync(
                async (context, token) =>
                {
                    await using Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction snapshot = await database.BeginSnapshotAsync(context, token);
                    return await new IndexLoading(database, this, (_, _) => { }).LoadAsync(context, key, token);
                },
                cancellationToken);
        }
        finally
        {
            loads.Release();
        }
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
        ulong doubt = Volatile.Read(ref doubtful);
        long time = Stopwatch.GetTimestamp();
        (LogHorizon horizon, bool trimmed, List<Change> changes) = await database.ReadAsync(
            async (context, token) =>
            {
                LogHorizon to = await database.ReadHorizonAsync(context, token);
                ulong from = Math.Min(now.Horizon, doubt);
                if (to.Recovery is not null && to.Recovery != recovery)
                {
                    // From there on numbers were given that may have been given before.
                    from = Math.Min(from, to.RecoveredFrom);
                }

                if (to.Position <= from)
                {
                    return (to with { Position = from == now.Horizon ? from : to.Position }, false, []);
                }

                // Read after the horizon: each row below it is committed by now and therefore visible.
                List<Change> rows = await database.Changes(context, from, to.Position).ToListAsync(token);
                bool behind = (ulong)(await context.DatabaseInfo.SingleAsync(token)).TrimmedBelow > now.Horizon;
                return (to, behind, rows);
            },
            cancellationToken);
        if (trimmed)
        {
            return false;
        }

        if (horizon.Position < now.Horizon)
        {
            Lag.Forget();
        }

        Lag.Look(time, horizon.End);

        // What was loaded may be what is to answer from now on.
        refreshDue |= Interlocked.Exchange(ref refreshWanted, 0) != 0 | standby.HasNews;
        if (horizon.Position != now.Horizon || refreshDue)
        {
            Publish(await ApplyAsync(now with { Horizon = horizon.Position }, changes, cancellationToken));
        }

        Lag.Reach(horizon.Position, horizon.End);
        recovery = horizon.Recovery ?? recovery;
        Interlocked.CompareExchange(ref doubtful, ulong.MaxValue, doubt);
        return true;
    }

    private async Task<State> ApplyAsync(State now, List<Change> changes, CancellationToken cancellationToken)
    {
        // Rows of single items were not written for these: what is in memory of them is read anew.
        HashSet<int> filled = [.. changes.Where(c => c.Kind == ChangeKind.GenerationFilled).Select(c => c.GenerationId)];
        standby.Drop(filled);
        if (refreshDue || changes.Exists(c => c.Kind is ChangeKind.CollectionCreated or ChangeKind.CollectionDeleted or ChangeKind.GenerationChanged)
            || now.Collections.Values.Any(c => filled.Contains(c.Generation.Id)))
        {
            HashSet<int> created = [.. changes.Where(c => c.Kind == ChangeKind.CollectionCreated).Select(c => c.GenerationId)];
            State before = now;
            now = await RefreshAsync(now, filled, created, cancellationToken);
            foreach (CollectionIndex gone in before.Collections.Values.Except(now.Collections.Values))
            {
                recent.Forget(gone.CollectionId);
            }

            refreshDue = false;
        }

        // A write has a row for each generation; those of which no index is kept are passed over.
        Dictionary<int, CollectionIndex> answering = now.Collections.Values.ToDictionary(c => c.Generation.Id);
        foreach (var group in changes.Where(c => c.ItemNumber != 0).GroupBy(c => c.GenerationId))
        {
            long[] numbers = [.. group.Select(c => c.ItemNumber).Distinct()];
            if (answering.GetValueOrDefault(group.Key) is { } index)
            {
                if (index.Layout is null)
                {
                    await ApplyAsync(index, numbers, cancellationToken);
                }
                else
                {
                    // A search that was under way when the collection was spread may have added one.
                    recent.Forget(index.CollectionId);
                }
            }

            // Shards of a generation that answers are kept in step like those of one that stands by.
            standby.Note(group.Key, numbers);
        }

        return now with { Standby = await standby.CatchUpAsync(ApplyAsync, LogStandbyFailed, cancellationToken) };
    }

    private async Task ApplyAsync(CollectionIndex index, IReadOnlyCollection<long> items, CancellationToken cancellationToken)
    {
        foreach (long[] numbers in items.Chunk(ApplyBatch))
        {
            List<ItemState> states = await database.ReadAsync(
                (context, token) => States(context, index, numbers).ToListAsync(token), cancellationToken);
            states.AddRange(numbers.Except(states.Select(s => s.Number)).Select(ItemState.Gone));
            Forget(index, states);
            index.Apply(states);
        }
    }

    /// <summary>Forgets searches by pictures that are deleted or replaced now.</summary>
    private void Forget(CollectionIndex index, List<ItemState> states)
    {
        if (state.Collections.GetValueOrDefault(index.Name) != index || !recent.Has(index.CollectionId))
        {
            return;
        }

        IndexSnapshot<IndexedItem> before = index.Snapshot;
        var gone = new List<BinaryCode>();
        foreach (ItemState item in states)
        {
            if (before.TryGet(item.Number, out IndexEntry<IndexedItem> old) && !(item.Found && item.Signature == old.Signature))
            {
                gone.Add(old.Signature);
            }
        }

        if (gone.Count > 0)
        {
            recent.Forget(index.CollectionId, gone);
        }
    }

    /// <summary>Reads which generations answer and which stand by. The old ones go on answering while a new one is loaded.</summary>
    private async Task<State> RefreshAsync(State now, HashSet<int> stale, HashSet<int> created, CancellationToken cancellationToken)
    {
        List<(Collection Collection, Generation Generation)> rows = await database.ReadAsync(
            async (context, token) =>
                (await context.Collections.Where(c => c.DeletedAt == null)
                    .Join(
                        context.Generations.Where(
                            g => g.State == GenerationState.Active || g.State == GenerationState.Filling || g.State == GenerationState.Ready),
                        c => c.Id,
                        g => g.CollectionId,
                        (c, g) => new { c, g })
                    .ToListAsync(token)).ConvertAll(x => (x.c, x.g)),
            cancellationToken);

        // A program that only searches answers a few queries and ends.
        HashSet<IndexKey> kept = [];
        HashSet<ShardedGeneration> sharded = [];
        foreach ((Collection collection, Generation generation) in rows.Where(r => r.Generation.State == GenerationState.Ready && !options.ReadOnly))
        {
            _ = LayoutOf(collection) is { } layout ? sharded.Add(new ShardedGeneration(generation.Id, layout)) : kept.Add(new IndexKey(generation.Id));
        }

        HashSet<IndexKey> loading = [];
        var collections = new Dictionary<string, CollectionIndex>(StringComparer.Ordinal);
        foreach ((Collection collection, Generation generation) in rows.Where(r => r.Generation.IsActive))
        {
            CollectionIndex? known = now.Collections.GetValueOrDefault(collection.Name) is { } index && index.CollectionId == collection.Id
                && index.Generation.Id == generation.Id && !stale.Contains(generation.Id) ? index : null;
            ShardLayout? layout = LayoutOf(collection);
            if (layout is not null)
            {
                sharded.Add(new ShardedGeneration(generation.Id, layout));
            }

            if (known is not null && known.Layout == layout)
            {
                collections.Add(collection.Name, known);
            }
            else if (known is not null && !(layout is null ? standby.IsLoaded(new IndexKey(generation.Id)) : shards!.IsLoaded(new ShardedGeneration(generation.Id, layout))))
            {
                // The same codes in another place: those that are there answer until all the others are.
                collections.Add(collection.Name, known);
                _ = layout is not null || kept.Add(new IndexKey(generation.Id));
                _ = known.Layout is { } old && sharded.Add(new ShardedGeneration(generation.Id, old));
            }
            else if (layout is not null)
            {
                collections.Add(collection.Name, new CollectionIndex(
                    collection.Id, collection.Name, await DescribeAsync(generation, cancellationToken), layout, Before(now.Horizon)));
            }
            else if (created.Contains(generation.Id) && !stale.Contains(generation.Id))
            {
                // Items of a new collection follow in the log, behind the row that created it.
                collections.Add(
                    collection.Name, new CollectionIndex(collection.Id, collection.Name, await DescribeAsync(generation, cancellationToken)));
            }
            else
            {
                loading.Add(new IndexKey(generation.Id));
            }
        }

        HashSet<int> live = [.. rows.Select(r => r.Generation.Id)];
        lock (held)
        {
            kept.UnionWith(held.Keys.Where(key => live.Contains(key.Generation)));
        }

        standby.Keep([.. kept, .. loading]);
        shards?.Keep(sharded);
        foreach (IndexKey key in loading)
        {
            if (await standby.TakeAsync(key, ApplyAsync, cancellationToken) is { } index)
            {
                collections.Add(index.Name, index);
            }
        }

        var beside = new Dictionary<int, LiveGeneration[]>();
        foreach (var group in rows.Where(r => !r.Generation.IsActive).GroupBy(r => r.Collection.Id, r => r.Generation))
        {
            beside.Add(group.Key, await Task.WhenAll(group.OrderBy(g => g.Id).Select(async g => new LiveGeneration(
                await DescribeAsync(g, cancellationToken), g.State == GenerationState.Ready, g.JobId))));
        }

        return now with
        {
            Collections = collections.ToFrozenDictionary(StringComparer.Ordinal),
            Beside = beside.ToFrozenDictionary(),
            Sharded = sharded.ToFrozenSet(),
        };
    }

    /// <summary>A generation with its model's name and bits.</summary>
    public async Task<GenerationInfo> DescribeAsync(Generation generation, CancellationToken cancellationToken)
    {
        ModelInfo model = await models.GetAsync(generation.ModelId, cancellationToken);
        return new GenerationInfo(
            generation.Id, generation.ModelId, model.Description.Name, model.Description.Bits, generation.Decoder, generation.Arithmetic);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        standby.Clear();
        wake.Dispose();
        loads.Dispose();
    }

    private void Publish(State next)
    {
        state = next.Collections == state.Collections ? next : next with { Answering = next.Collections.Values.Select(c => c.Generation.Id).ToFrozenSet() };
        Interlocked.Exchange(ref advanced, NewSignal()).TrySetResult();
    }

    private sealed class Held(Action release) : IDisposable
    {
        private Action? release = release;

        public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
    }

    private static ulong Before(ulong horizon) => horizon == 0 ? 0 : horizon - 1;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index of generation {Generation} cannot be loaded, trying again: {Reason}")]
    private partial void LogStandbyFailed(int generation, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The change log cannot be read, trying again: {Reason}")]
    private partial void LogReadFailed(string reason);
}
