using System.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Dpfah.Engine.Data;

/// <summary>PostgreSQL. A position is the 64-bit id of the writing transaction.</summary>
/// <remarks>
/// "Rows above the last one that I saw" loses rows: a transaction that began early may commit late. Rows of transactions
/// below <c>pg_snapshot_xmin</c> are all there is or will ever be, so the log is read up to it and no further.
/// </remarks>
internal sealed class PostgresDatabase(string connectionString) : Database
{
    private const int UniqueViolationRetries = 8;
    private const string JobsChannel = "dpfah_jobs";

    // As the server tells it of connections; it cuts longer ones.
    private const string ListenerName = "dpfah jobs";
    private const int KeepAliveSeconds = 30;

    // First key of the advisory locks on collections; the second is the collection's number.
    private const int CollectionLocks = 0x44504643;

    // First key of the advisory lock on the queueing of trainings; the second is 0.
    private const int TrainingLock = 0x44505446;

    // First key of the advisory lock on the schema; the second is 0.
    private const int SchemaLock = 0x44504653;

    // First key of the advisory locks on the room that a collection has left; the second is the collection's number.
    private const int QuotaLocks = 0x44504651;

    private readonly DbContextOptions<PostgresContext> options = PostgresContext.Options(connectionString);

    public override string Provider => "postgres";

    public override DpfahContext CreateContext()
    {
        var context = new PostgresContext(options);
        context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return context;
    }

    public override async Task<int> PrepareAsync(CancellationToken cancellationToken)
    {
        await using (DpfahContext context = CreateContext())
        {
            await MigrateAsync(context, cancellationToken);
        }

        return await WriteAsync(
            async (context, token) =>
            {
                // Two nodes may start at once.
                await context.Database.ExecuteSqlRawAsync("LOCK TABLE database_info IN EXCLUSIVE MODE", token);
                string identifier = (await context.Database
                    .SqlQueryRaw<string>(
                        "SELECT s.system_identifier::text || '/' || d.oid AS \"Value\" FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()").ToListAsync(token))[0];
                DatabaseInfo? info = await context.DatabaseInfo.AsTracking().SingleOrDefaultAsync(token);
                if (info is null)
                {
                    info = new DatabaseInfo { Epoch = 1, SystemIdentifier = identifier };
                    context.DatabaseInfo.Add(info);
                }
                else if (info.SystemIdentifier != identifier)
                {
                    // A dump restored on another server carries transaction ids from that server's past or future.
                    await FoldAsync(context, await context.Changes.AsTracking().ToListAsync(token), token);
                    info.Epoch++;
                    info.SystemIdentifier = identifier;
                    info.TrimmedBelow = 0;
                }

                await context.SaveChangesAsync(token);
                return info.Epoch;
            },
            cancellationToken);
    }

    /// <summary>Brings the schema up to date, one node after the other: the first tables of an empty database would be made by all at once.</summary>
    private static async Task MigrateAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        // It may have to be made first, and is not locked then.
        bool isThere = await context.Database.CanConnectAsync(cancellationToken);
        if (isThere)
        {
            if (!await HasPendingMigrationsAsync(context, cancellationToken))
            {
                return;
            }

            await context.Database.OpenConnectionAsync(cancellationToken);
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({SchemaLock}, 0)", cancellationToken);
        }

        try
        {
            await context.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            if (isThere && context.Database.GetDbConnection().State == System.Data.ConnectionState.Open)
            {
                await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({SchemaLock}, 0)", CancellationToken.None);
            }
        }
    }

    protected override async Task<T> TransactAsync<T>(Func<DpfahContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await using DpfahContext outer = CreateContext();
                return await outer.Database.CreateExecutionStrategy().ExecuteAsync(
                    work,
                    async (_, state, token) =>
                    {
                        await using DpfahContext context = CreateContext();

                        // A save that fails breaks the whole transaction, so there is nothing to go back to; and a connection that is lost
                        // while a savepoint is released would be told to nobody before the commit, and then as a fault of this program.
                        context.Database.AutoSavepointsEnabled = false;
                        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(token);

                        // A process that is stopped in a transaction would keep its locks from all others for as long as it is stopped.
                        await context.Database.ExecuteSqlRawAsync("SET LOCAL idle_in_transaction_session_timeout = '15s'", token);
                        T result = await state(context, token);
                        await transaction.CommitAsync(CancellationToken.None);
                        return result;
                    },
                    null,
                    cancellationToken);
            }
            catch (Exception error) when (
                (error is DbUpdateException ? error.InnerException : error) is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation }
                && attempt < UniqueViolationRetries)
            {
                // Somebody else inserted the same key first; the next attempt finds it.
            }
        }
    }

    // An advisory lock: a lock on the row would make a list of its holders on disk, and would let a stream of writers keep out one who
    // waits to be alone.
    public override Task<Collection?> HoldCollectionAsync(DpfahContext context, string name, CancellationToken cancellationToken) =>
        context.Collections
            .FromSql(
                $"""
                SELECT c.* FROM collections c CROSS JOIN LATERAL pg_advisory_xact_lock_shared({CollectionLocks}, c.id)
                WHERE c.name = {name} AND c.deleted_at IS NULL
                """)
            .SingleOrDefaultAsync(cancellationToken);

    public override Task HoldCollectionAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock_shared({CollectionLocks}, {collectionId})", cancellationToken);

    // Skipped instead of waited for: two that lock several items in different orders would wait for each other.
    public override Task<List<Item>> LockFreeItemsAsync(DpfahContext context, long[] numbers, CancellationToken cancellationToken) =>
        context.Items.FromSql($"SELECT * FROM items WHERE number = ANY ({numbers}) FOR SHARE SKIP LOCKED").ToListAsync(cancellationToken);

    public override Task InsertCodesAsync(DpfahContext context, IReadOnlyList<StoredCode> codes, CancellationToken cancellationToken) =>
        PostgresBulkWriter.InsertCodesAsync(context, codes, cancellationToken);

    public override Task LockCollectionAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({CollectionLocks}, {collectionId})", cancellationToken);

    public override Task<Item?> LockItemAsync(DpfahContext context, int collectionId, string publicId, CancellationToken cancellationToken) =>
        context.Items
            .FromSql($"SELECT * FROM items WHERE collection_id = {collectionId} AND public_id = {publicId} FOR UPDATE")
            .AsTracking().SingleOrDefaultAsync(cancellationToken);

    public override Task<List<Item>> LockItemsAsync(
        DpfahContext context, int collectionId, IReadOnlyCollection<string> publicIds, CancellationToken cancellationToken)
    {
        string[] ids = [.. publicIds];
        return context.Items
            .FromSql($"SELECT * FROM items WHERE collection_id = {collectionId} AND public_id = ANY ({ids}) ORDER BY number FOR UPDATE")
            .AsTracking().ToListAsync(cancellationToken);
    }

    public override Task InsertItemsAsync(DpfahContext context, IReadOnlyList<NewItem> items, CancellationToken cancellationToken) =>
        PostgresBulkWriter.InsertAsync(context, items, cancellationToken);

    public override async Task<long> ClockAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await context.Database
            .SqlQueryRaw<long>("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS \"Value\"").ToListAsync(cancellationToken))[0];

    // Its number stays as it is, so that those who insert rows which name it (a job's work does) are not waited for.
    public override Task<StoredJob?> LockJobAsync(DpfahContext context, long id, CancellationToken cancellationToken) =>
        context.Jobs.FromSql($"SELECT * FROM jobs WHERE id = {id} FOR NO KEY UPDATE").AsTracking().SingleOrDefaultAsync(cancellationToken);

    public override Task<StoredJob?> LockNextJobAsync(
        DpfahContext context, string lane, string[] kinds, long? only, long now, CancellationToken cancellationToken)
    {
        (long first, long last) = (only ?? 0, only ?? long.MaxValue);
        return context.Jobs
            .FromSql($"""
                SELECT * FROM jobs
                WHERE lane = {lane} AND kind = ANY ({kinds}) AND state <= 2 AND id BETWEEN {first} AND {last}
                    AND ((state = 1 AND not_before_ms <= {now}) OR (state = 2 AND lease_until_ms < {now}))
                ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
                """)
            .AsTracking().SingleOrDefaultAsync(cancellationToken);
    }

    public override Task LockTrainingsAsync(DpfahContext context, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({TrainingLock}, 0)", cancellationToken);

    public override Task LockQuotaAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({QuotaLocks}, {collectionId})", cancellationToken);

    public override Task NotifyJobsAsync(DpfahContext context, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlRawAsync($"NOTIFY {JobsChannel}", cancellationToken);

    public override bool MayHaveOthers => true;

    public override async Task<int> CountJobListenersAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await context.Database
            .SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM pg_stat_activity WHERE datname = current_database() AND application_name = {ListenerName}")
            .ToListAsync(cancellationToken))[0];

    public override async Task ListenForJobsAsync(Action notice, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, KeepAlive = KeepAliveSeconds, ApplicationName = ListenerName }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        connection.Notification += (_, _) => notice();
        await using (var command = new NpgsqlCommand($"LISTEN {JobsChannel}", connection))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    public override async Task<(ulong Horizon, ulong End)> LogEndsAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        // "xmin:xmax:ids between them that run"
        string[] parts = (await context.Database
            .SqlQueryRaw<string>("SELECT pg_current_snapshot()::text AS \"Value\"").ToListAsync(cancellationToken))[0].Split(':');
        return (ulong.Parse(parts[0]), ulong.Parse(parts[1]));
    }

    public override async Task<LogHorizon> ReadHorizonAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        // "4711:4720:4711,4715 0/1A2B3C4D 0:4700": the snapshot as above, the last checkpoint, and the next transaction id then, behind its
        // epoch. Only a checkpoint that ends a shutdown or a recovery begins where its own record lies; of others the id is minutes old.
        string[] parts = (await context.Database
            .SqlQueryRaw<string>(
                """
                SELECT pg_current_snapshot()::text || ' ' || checkpoint_lsn || ' ' || CASE WHEN redo_lsn = checkpoint_lsn THEN next_xid ELSE '' END AS "Value"
                FROM pg_control_checkpoint()
                """)
            .ToListAsync(cancellationToken))[0].Split(' ');
        string[] snapshot = parts[0].Split(':');
        string? recovery = parts[2].Length == 0 ? null : parts[1];
        ulong next = recovery is null ? ulong.MaxValue : parts[2].Split(':') is [var epoch, var id] ? (ulong.Parse(epoch) << 32) | ulong.Parse(id) : 0;
        return new LogHorizon(ulong.Parse(snapshot[0]), ulong.Parse(snapshot[1]), recovery, next);
    }

    public override async Task<ulong> VisiblePositionAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await LogEndsAsync(context, cancellationToken)).End - 1;

    public override IQueryable<Change> Changes(DpfahContext context, ulong from, ulong to) =>
        context.Changes.Where(c => c.Xid >= from && c.Xid < to).OrderBy(c => c.Xid).ThenBy(c => c.Seq);

    public override ulong PositionOf(Change change) => change.Xid;

    public override Task<IDbContextTransaction> BeginSnapshotAsync(DpfahContext context, CancellationToken cancellationToken) =>
        context.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

    public override async Task<BulkReader> OpenBulkAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        // The transaction that holds the snapshot waits for the others, for as long as the load takes.
        await context.Database.ExecuteSqlRawAsync("SET LOCAL idle_in_transaction_session_timeout = 0", cancellationToken);
        string snapshot = (await context.Database.SqlQueryRaw<string>("SELECT pg_export_snapshot() AS \"Value\"").ToListAsync(cancellationToken))[0];
        return await Task.Run(() => new PostgresBulkReader(connectionString, snapshot), cancellationToken);
    }
}
