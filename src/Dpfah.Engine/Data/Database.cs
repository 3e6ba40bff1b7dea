using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Data;

/// <summary>
/// The database with what differs between the providers: how a write transaction is run, and how the change log is read.
/// </summary>
/// <remarks>
/// Every change has a <em>position</em>. The <em>horizon</em> is the position below which nothing can appear any more:
/// a reader that has applied every row below the horizon has lost none, although transactions commit out of order.
/// </remarks>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Short name of the provider: <c>postgres</c> or <c>sqlite</c>.</summary>
    public abstract string Provider { get; }

    /// <summary>A new context for reading, without change tracking.</summary>
    public abstract DpfahContext CreateContext();

    /// <summary>Brings the schema up to date and reads the database's epoch.</summary>
    public abstract Task<int> PrepareAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether the schema is to be brought up to date. Asked first: to migrate is to compare all models that there have been, a tenth of the
    /// time that a start takes, and most starts find nothing to do.
    /// </summary>
    protected static async Task<bool> HasPendingMigrationsAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await context.Database.GetPendingMigrationsAsync(cancellationToken)).Any();

    /// <summary>Reads the database's epoch and changes nothing.</summary>
    public Task<int> ReadEpochAsync(CancellationToken cancellationToken) =>
        ReadAsync((context, token) => context.DatabaseInfo.Select(d => d.Epoch).SingleAsync(token), cancellationToken);

    /// <summary>Runs work in one write transaction, again from its start when the database asks for it.</summary>
    /// <param name="work">Must have no other effect than through the context that it is given.</param>
    /// <param name="cancellationToken">Gives up before the transaction has begun to commit.</param>
    public async Task<T> WriteAsync<T>(Func<DpfahContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using Stage.Run stage = Stage.Write.Begin();
        T result = await TransactAsync(work, cancellationToken);
        stage.Done();
        return result;
    }

    /// <inheritdoc cref="WriteAsync"/>
    protected abstract Task<T> TransactAsync<T>(Func<DpfahContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// Finds a collection by name and holds it: until the transaction ends none of its generations comes, goes or is switched. Any
    /// number of writers hold a collection at once.
    /// </summary>
    public abstract Task<Collection?> HoldCollectionAsync(DpfahContext context, string name, CancellationToken cancellationToken);

    /// <summary>Holds a collection in the same way, by its number, whether it is deleted or not.</summary>
    public abstract Task HoldCollectionAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until nobody else holds a collection, and lets nobody hold it until the transaction ends: for a change of its
    /// generations. Whoever waits comes before those that ask later, however many they are.
    /// </summary>
    public abstract Task LockCollectionAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken);

    /// <summary>Reads an item for update: nobody else changes it before the transaction ends.</summary>
    public abstract Task<Item?> LockItemAsync(DpfahContext context, int collectionId, string publicId, CancellationToken cancellationToken);

    /// <summary>Reads those of some items that are there, for update, in the order of their numbers.</summary>
    public abstract Task<List<Item>> LockItemsAsync(
        DpfahContext context, int collectionId, IReadOnlyCollection<string> publicIds, CancellationToken cancellationToken);

    /// <summary>Inserts items with previews, codes and log rows in bulk, and gives them their numbers, in the order in which they come.</summary>
    /// <remarks>One whose id was inserted by another transaction meanwhile breaks the transaction; <see cref="WriteAsync"/> begins it again.</remarks>
    public abstract Task InsertItemsAsync(DpfahContext context, IReadOnlyList<NewItem> items, CancellationToken cancellationToken);

    /// <summary>Inserts codes of items that are there, in bulk.</summary>
    public abstract Task InsertCodesAsync(DpfahContext context, IReadOnlyList<StoredCode> codes, CancellationToken cancellationToken);

    /// <summary>
    /// Reads those of some items that are there and that nobody else is changing: nobody changes them before the transaction ends.
    /// </summary>
    public abstract Task<List<Item>> LockFreeItemsAsync(DpfahContext context, long[] numbers, CancellationToken cancellationToken);

    /// <summary>The position below which no log row can appear any more.</summary>
    public async Task<ulong> HorizonAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await LogEndsAsync(context, cancellationToken)).Horizon;

    /// <summary>The position below which no log row can appear any more, and the one below which all lie that are committed by now.</summary>
    public abstract Task<(ulong Horizon, ulong End)> LogEndsAsync(DpfahContext context, CancellationToken cancellationToken);

    /// <summary>The horizon for one who follows the log, with what tells that positions were given a second time.</summary>
    public virtual async Task<LogHorizon> ReadHorizonAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        (ulong horizon, ulong end) = await LogEndsAsync(context, cancellationToken);
        return new LogHorizon(horizon, end, null, ulong.MaxValue);
    }

    /// <summary>Log rows at positions from <paramref name="from"/> (included) to <paramref name="to"/> (excluded), in log order.</summary>
    public abstract IQueryable<Change> Changes(DpfahContext context, ulong from, ulong to);

    /// <summary>The position of a row that was read or has just been written.</summary>
    public abstract ulong PositionOf(Change change);

    /// <summary>A position that covers all that this context can see now.</summary>
    public abstract Task<ulong> VisiblePositionAsync(DpfahContext context, CancellationToken cancellationToken);

    /// <summary>Begins a read transaction in which all statements see one state of the database.</summary>
    public abstract Task<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction> BeginSnapshotAsync(
        DpfahContext context, CancellationToken cancellationToken);

    /// <summary>Begins to read whole tables.</summary>
    /// <param name="context">In a transaction of <see cref="BeginSnapshotAsync"/>, which stays open as long as the reader is used.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract Task<BulkReader> OpenBulkAsync(DpfahContext context, CancellationToken cancellationToken);

    /// <summary>The database's clock, in milliseconds: what leases are counted by.</summary>
    public abstract Task<long> ClockAsync(DpfahContext context, CancellationToken cancellationToken);

    /// <summary>Reads a job for update: nobody else changes it before the transaction ends.</summary>
    public abstract Task<StoredJob?> LockJobAsync(DpfahContext context, long id, CancellationToken cancellationToken);

    /// <summary>Reads for update the oldest job that waits, or whose lease is over; jobs that another transaction holds are passed by.</summary>
    /// <param name="context">In a write transaction.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="kinds">The kinds.</param>
    /// <param name="only">Number of the only job that is wanted; null for any.</param>
    /// <param name="now">What <see cref="ClockAsync"/> says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract Task<StoredJob?> LockNextJobAsync(
        DpfahContext context, string lane, string[] kinds, long? only, long now, CancellationToken cancellationToken);

    /// <summary>Waits until no other transaction queues a training, and lets none do so until this one ends: names are checked by one at a time.</summary>
    public virtual Task LockTrainingsAsync(DpfahContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until no other transaction that has done this adds to a collection, and lets none do so until this one ends.</summary>
    public virtual Task LockQuotaAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Tells other processes, when the transaction commits, that there is something to do; where the database cannot, they find it by polling.</summary>
    public virtual Task NotifyJobsAsync(DpfahContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Listens to what <see cref="NotifyJobsAsync"/> tells, until it is cancelled.</summary>
    public virtual Task ListenForJobsAsync(Action notice, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    /// <summary>Whether services on other machines may use this database too.</summary>
    public virtual bool MayHaveOthers => false;

    /// <summary>How many processes listen by <see cref="ListenForJobsAsync"/>, this one included.</summary>
    public virtual Task<int> CountJobListenersAsync(DpfahContext context, CancellationToken cancellationToken) => Task.FromResult(1);

    /// <summary>Runs a query, again when the connection was lost.</summary>
    public async Task<T> ReadAsync<T>(Func<DpfahContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using DpfahContext outer = CreateContext();
        return await outer.Database.CreateExecutionStrategy().ExecuteAsync(
            work,
            async (_, state, token) =>
            {
                await using DpfahContext context = CreateContext();
                return await state(context, token);
            },
            null,
            cancellationToken);
    }

    /// <summary>
    /// Folds log rows that are older than <paramref name="keep"/> into the generations' digests and deletes them, in
    /// transactions of at most 500 rows.
    /// </summary>
    public async Task TrimLogAsync(TimeSpan keep, TimeProvider clock, CancellationToken cancellationToken)
    {
        DateTime before = clock.GetUtcNow().UtcDateTime - keep;
        int trimmed;
        do
        {
            trimmed = await WriteAsync(
                async (context, token) =>
                {
                    ulong horizon = await HorizonAsync(context, token);
                    List<Change> rows = await Changes(context, 0, horizon).Where(c => c.CreatedAt < before).Take(500).ToListAsync(token);
                    await FoldAsync(context, rows, token);
                    return rows.Count;
                },
                cancellationToken);
        }
        while (trimmed == 500);
    }

    /// <summary>Folds rows into the generations' digests and deletes them.</summary>
    protected async Task FoldAsync(DpfahContext context, List<Change> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        foreach (var group in rows.GroupBy(r => r.GenerationId))
        {
            Generation? generation = await context.Generations.AsTracking().SingleOrDefaultAsync(g => g.Id == group.Key, cancellationToken);
            if (generation is not null)
            {
                generation.TrimmedDigest ^= group.Aggregate(0L, (digest, row) => digest ^ row.DigestDelta);
                generation.TrimmedCount += group.Sum(row => row.CountDelta);
            }
        }

        DatabaseInfo info = await context.DatabaseInfo.AsTracking().SingleAsync(cancellationToken);
        info.TrimmedBelow = Math.Max(info.TrimmedBelow, (long)rows.Max(PositionOf) + 1);
        context.Changes.RemoveRange(rows);
        await context.SaveChangesAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
