using System.Threading.Channels;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using SQLitePCL;

namespace Dpfah.Engine.Data;

/// <summary>A SQLite file. A position is the number of the log row: there is one writer, so rows commit in order.</summary>
/// <remarks>
/// All writes pass through one queue; those that wait together share a transaction and so one flush to disk
/// (WAL, synchronous=FULL: what was acknowledged survives a crash of the machine).
/// </remarks>
internal sealed class SqliteDatabase : Database
{
    private const int MaxGroup = 64;

    private readonly string connectionString;
    private readonly string identityPath;
    private readonly DbContextOptions<SqliteContext> options;
    private readonly Channel<Work> queue = Channel.CreateBounded<Work>(1024);
    private readonly Task writer;

    public SqliteDatabase(string path)
    {
        identityPath = path + ".id";
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30, ForeignKeys = true }.ToString();
        options = new DbContextOptionsBuilder<SqliteContext>().UseSqlite(connectionString).Options;
        writer = Task.Run(RunWriterAsync);
    }

    public override string Provider => "sqlite";

    public override DpfahContext CreateContext()
    {
        var context = new SqliteContext(options);
        context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return context;
    }

    public override async Task<int> PrepareAsync(CancellationToken cancellationToken)
    {
        await using (DpfahContext context = CreateContext())
        {
            if (await HasPendingMigrationsAsync(context, cancellationToken))
            {
                await context.Database.MigrateAsync(cancellationToken);
            }

            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken);
        }

        return await WriteAsync(
            async (context, token) =>
            {
                DatabaseInfo? info = await context.DatabaseInfo.AsTracking().SingleOrDefaultAsync(token);
                if (info is not null && info.SystemIdentifier == await ReadIdentityAsync(token))
                {
                    return info.Epoch;
                }

                string identifier = Guid.NewGuid().ToString("n");
                if (info is null)
                {
                    info = new DatabaseInfo { Epoch = 1, SystemIdentifier = identifier };
                    context.DatabaseInfo.Add(info);
                }
                else
                {
                    // A copy of the file that lies elsewhere now: other changes will get the numbers that those after the copy have there.
                    (info.Epoch, info.SystemIdentifier) = (info.Epoch + 1, identifier);
                }

                await context.SaveChangesAsync(token);
                await File.WriteAllTextAsync(identityPath, identifier, token);
                return info.Epoch;
            },
            cancellationToken);
    }

    /// <summary>What is written beside the file, and stays there when a copy of it is taken elsewhere.</summary>
    private async Task<string?> ReadIdentityAsync(CancellationToken cancellationToken) =>
        File.Exists(identityPath) ? (await File.ReadAllTextAsync(identityPath, cancellationToken)).Trim() : null;

    protected override async Task<T> TransactAsync<T>(Func<DpfahContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var item = new Work<T>(work, cancellationToken);
        await queue.Writer.WriteAsync(item, cancellationToken);
        return await item.Result;
    }

    // One transaction writes at a time.
    public override Task<Collection?> HoldCollectionAsync(DpfahContext context, string name, CancellationToken cancellationToken) =>
        context.Collections.SingleOrDefaultAsync(c => c.Name == name && c.DeletedAt == null, cancellationToken);

    public override Task HoldCollectionAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<List<Item>> LockFreeItemsAsync(DpfahContext context, long[] numbers, CancellationToken cancellationToken) =>
        context.Items.Where(i => numbers.Contains(i.Number)).ToListAsync(cancellationToken);

    public override Task InsertCodesAsync(DpfahContext context, IReadOnlyList<StoredCode> codes, CancellationToken cancellationToken)
    {
        SqliteBulkWriter.InsertCodes(context, codes);
        return Task.CompletedTask;
    }

    public override Task LockCollectionAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<Item?> LockItemAsync(DpfahContext context, int collectionId, string publicId, CancellationToken cancellationToken) =>
        context.Items.AsTracking().SingleOrDefaultAsync(i => i.CollectionId == collectionId && i.PublicId == publicId, cancellationToken);

    public override Task<List<Item>> LockItemsAsync(
        DpfahContext context, int collectionId, IReadOnlyCollection<string> publicIds, CancellationToken cancellationToken) =>
        context.Items.AsTracking().Where(i => i.CollectionId == collectionId && publicIds.Contains(i.PublicId))
            .OrderBy(i => i.Number).ToListAsync(cancellationToken);

    public override Task InsertItemsAsync(DpfahContext context, IReadOnlyList<NewItem> items, CancellationToken cancellationToken)
    {
        SqliteBulkWriter.Insert(context, items);
        return Task.CompletedTask;
    }

    public override async Task<long> ClockAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await context.Database
            .SqlQueryRaw<long>("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS \"Value\"").ToListAsync(cancellationToken))[0];

    public override Task<StoredJob?> LockJobAsync(DpfahContext context, long id, CancellationToken cancellationToken) =>
        context.Jobs.AsTracking().SingleOrDefaultAsync(j => j.Id == id, cancellationToken);

    public override Task<StoredJob?> LockNextJobAsync(
        DpfahContext context, string lane, string[] kinds, long? only, long now, CancellationToken cancellationToken) =>
        // The write transaction is the only one of the file, in this process and in others.
        context.Jobs.AsTracking()
            .Where(j => j.Lane == lane && kinds.Contains(j.Kind) && (only == null || j.Id == only)
                && ((j.State == JobState.Queued && j.NotBeforeMs <= now) || (j.State == JobState.Running && j.LeaseUntilMs < now)))
            .OrderBy(j => j.Id).FirstOrDefaultAsync(cancellationToken);

    public override async Task<(ulong Horizon, ulong End)> LogEndsAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        // One writer: what is committed is all there will be up to there.
        ulong end = await VisiblePositionAsync(context, cancellationToken) + 1;
        return (end, end);
    }

    public override async Task<ulong> VisiblePositionAsync(DpfahContext context, CancellationToken cancellationToken)
    {
        // Not max(seq): rows are trimmed, and a position must never go back.
        long? last = (await context.Database
            .SqlQueryRaw<long?>("SELECT max(seq) AS \"Value\" FROM sqlite_sequence WHERE name = 'changes'").ToListAsync(cancellationToken))[0];
        return (ulong)(last ?? 0);
    }

    public override IQueryable<Change> Changes(DpfahContext context, ulong from, ulong to)
    {
        long first = (long)from, end = to > long.MaxValue ? long.MaxValue : (long)to;
        return context.Changes.Where(c => c.Seq >= first && c.Seq < end).OrderBy(c => c.Seq);
    }

    public override ulong PositionOf(Change change) => (ulong)change.Seq;

    public override Task<IDbContextTransaction> BeginSnapshotAsync(DpfahContext context, CancellationToken cancellationToken) =>
        // Deferred: the snapshot is taken by the first read, and no write lock is held.
        Task.Run<IDbContextTransaction>(
            async () =>
            {
                await context.Database.OpenConnectionAsync(cancellationToken);
                var connection = (SqliteConnection)context.Database.GetDbConnection();
                return (await context.Database.UseTransactionAsync(connection.BeginTransaction(deferred: true), cancellationToken))!;
            },
            cancellationToken);

    public override Task<BulkReader> OpenBulkAsync(DpfahContext context, CancellationToken cancellationToken) =>
        Task.FromResult<BulkReader>(new SqliteBulkReader((SqliteConnection)context.Database.GetDbConnection()));

    private async Task RunWriterAsync()
    {
        var group = new List<Work>(MaxGroup);
        while (await queue.Reader.WaitToReadAsync())
        {
            while (group.Count < MaxGroup && queue.Reader.TryRead(out Work? work))
            {
                group.Add(work);
            }

            await RunGroupAsync(group);
            group.Clear();
        }
    }

    private async Task RunGroupAsync(List<Work> group)
    {
        try
        {
            await using var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync();
            await using (SqliteCommand command = connection.CreateCommand())
            {
                command.CommandText = "PRAGMA synchronous = FULL";
                await command.ExecuteNonQueryAsync();
            }

            await using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            foreach (Work work in group)
            {
                await transaction.SaveAsync("work");
                DbContextOptions<SqliteContext> shared = new DbContextOptionsBuilder<SqliteContext>().UseSqlite(connection).Options;
                await using var context = new SqliteContext(shared);
                context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
                await context.Database.UseTransactionAsync(transaction);
                context.Database.AutoSavepointsEnabled = false; // All of the work has one.
                if (!await work.RunAsync(context))
                {
                    if (raw.sqlite3_get_autocommit(connection.Handle) != 0)
                    {
                        // A full disk, for one, has ended the whole transaction: nothing of the group is kept.
                        throw work.Failure!;
                    }

                    await transaction.RollbackAsync("work");
                }

                await transaction.ReleaseAsync("work");
            }

            await transaction.CommitAsync();
        }
        catch (Exception error)
        {
            // Nothing of the group was committed: every caller hears why.
            group.ForEach(work => work.Fail(error));
            return;
        }

        group.ForEach(work => work.Complete());
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writer;
        await base.DisposeAsync();
    }

    /// <summary>One caller's part of a transaction; the caller hears of it only after the commit.</summary>
    private abstract class Work
    {
        /// <summary>What was thrown; null when nothing was.</summary>
        public Exception? Failure { get; protected set; }

        public abstract Task<bool> RunAsync(DpfahContext context);

        public abstract void Complete();

        public abstract void Fail(Exception error);
    }

    private sealed class Work<T>(Func<DpfahContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken) : Work
    {
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? value;

        public Task<T> Result => completion.Task;

        public override async Task<bool> RunAsync(DpfahContext context)
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                value = await work(context, cancellationToken);
                return true;
            }
            catch (Exception error)
            {
                Failure = error;
                return false;
            }
        }

        public override void Complete()
        {
            if (Failure is not null)
            {
                Fail(Failure);
            }
            else
            {
                completion.TrySetResult(value!);
            }
        }

        public override void Fail(Exception error)
        {
            if (error is OperationCanceledException canceled)
            {
                completion.TrySetCanceled(canceled.CancellationToken);
            }
            else
            {
                completion.TrySetException(error);
            }
        }
    }
}
