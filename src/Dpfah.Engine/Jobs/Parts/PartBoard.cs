using System.Data.Common;
using System.Diagnostics;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>
/// Where a node that runs a job offers parts of it to the other nodes of its database, and where these take them and bring what came of them.
/// </summary>
/// <remarks>
/// Other nodes only compute. The one that runs the job writes, in the job's order and under its fence, as if it had computed all by itself; so
/// counts add up and nothing is written twice, whichever node is lost. A part whose node is not heard of for <see cref="Lease"/>, or takes longer
/// than <see cref="Patience"/>, is computed by the one that runs the job.
/// </remarks>
internal sealed class PartBoard(Database database, EngineOptions options)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(2);

    /// <summary>How long the node that runs a job waits for a part when it has come to its turn.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan MostLease = TimeSpan.FromSeconds(10);

    // Of this object, so that two services in one process are two nodes.
    private readonly string node = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
    private long counted;
    private volatile bool hasOthers;

    /// <summary>How long a part stays with a node that is not heard of.</summary>
    public TimeSpan Lease => options.JobLease < MostLease ? options.JobLease : MostLease;

    /// <summary>Whether other nodes may take parts; looked up every two seconds at most.</summary>
    public async Task<bool> HasOthersAsync(CancellationToken cancellationToken)
    {
        long before = Volatile.Read(ref counted), now = Stopwatch.GetTimestamp();
        if (database.MayHaveOthers && (before == 0 || Stopwatch.GetElapsedTime(before, now) > CountEvery)
            && Interlocked.CompareExchange(ref counted, now, before) == before)
        {
            hasOthers = await database.ReadAsync(database.CountJobListenersAsync, cancellationToken) > 1;
        }

        return hasOthers;
    }

    /// <summary>Offers a part.</summary>
    /// <returns>Whether it is on the board.</returns>
    public async Task<bool> OfferAsync(JobRun run, long number, string input, CancellationToken cancellationToken)
    {
        try
        {
            // Again after a commit whose answer was lost, it changes nothing.
            return await database.WriteAsync(
                (context, token) => context.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO job_parts (job_id, number, kind, fence, leader, lease_until_ms, input)
                    VALUES ({run.Id}, {number}, {run.Kind}, {run.Fence}, {node}, 0, {input}) ON CONFLICT DO NOTHING
                    """,
                    token),
                cancellationToken) == 1;
        }
        catch (Exception error) when (IsOfDatabase(error))
        {
            return false;
        }
    }

    /// <summary>Takes a part back that nobody has taken.</summary>
    /// <returns>False when somebody has.</returns>
    public async Task<bool> TakeBackAsync(JobRun run, long number, CancellationToken cancellationToken)
    {
        try
        {
            return await database.WriteAsync(
                async (context, token) =>
                {
                    await Of(context, run, number).Where(p => p.Worker == null).ExecuteDeleteAsync(token);
                    return !await Of(context, run, number).AnyAsync(token);
                },
                cancellationToken);
        }
        catch (Exception error) when (IsOfDatabase(error))
        {
            // Computed twice is as good as once.
            return true;
        }
    }

    /// <summary>Waits for what comes of a part that another node has taken, and takes it off the board.</summary>
    /// <returns>Null when that node has given it up, was lost, or takes too long.</returns>
    public async Task<byte[]?> ResultAsync(JobRun run, long number, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                (bool ended, byte[]? output) = await database.ReadAsync(
                    async (context, token) =>
                    {
                        var part = await Of(context, run, number).Select(p => new { p.LeaseUntilMs, p.Output }).SingleOrDefaultAsync(token);
                        return (part is null || part.Output is not null || part.LeaseUntilMs < await database.ClockAsync(context, token), part?.Output);
                    },
                    cancellationToken);
                if (ended || Stopwatch.GetElapsedTime(start) > Patience)
                {
                    await database.WriteAsync((context, token) => Of(context, run, number).ExecuteDeleteAsync(token), cancellationToken);
                    return output;
                }
            }
            catch (Exception error) when (IsOfDatabase(error))
            {
                return null;
            }

            await Task.Delay(LookEvery, cancellationToken);
        }
    }

    /// <summary>Takes a part that another node has offered: the first one of the oldest job.</summary>
    /// <param name="kinds">Kinds of jobs with which this node can help.</param>
    /// <param name="only">Number of the only job that is wanted; null for any.</param>
    /// <param name="without">Jobs with which this node cannot help.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when there is none.</returns>
    public async Task<PartOrder?> TakeAsync(string[] kinds, long? only, long[] without, CancellationToken cancellationToken) =>
        await database.ReadAsync((context, token) => context.JobParts.AnyAsync(p => p.Worker == null && p.Leader != node, token), cancellationToken)
            ? await database.WriteAsync((context, token) => TakeAsync(context, kinds, only, without, token), cancellationToken)
            : null;

    private async Task<PartOrder?> TakeAsync(
        DpfahContext context, string[] kinds, long? only, long[] without, CancellationToken cancellationToken)
    {
        long now = await database.ClockAsync(context, cancellationToken);
        (long first, long last) = (only ?? 0, only ?? long.MaxValue);
        StoredJobPart? part = (await context.JobParts
            .FromSql($"""
                SELECT p.* FROM job_parts p JOIN jobs j ON j.id = p.job_id
                WHERE p.worker IS NULL AND p.leader <> {node} AND p.kind = ANY ({kinds})
                    AND p.job_id BETWEEN {first} AND {last} AND p.job_id <> ALL ({without})
                    AND j.fence = p.fence AND j.state = 2 AND NOT j.cancel_requested AND j.lease_until_ms >= {now}
                ORDER BY p.job_id, p.number LIMIT 1 FOR NO KEY UPDATE OF p SKIP LOCKED
                """)
            .AsTracking().ToListAsync(cancellationToken)).SingleOrDefault();
        if (part is null)
        {
            return null;
        }

        part.Worker = node;
        part.LeaseUntilMs = now + (long)Lease.TotalMilliseconds;
        await context.SaveChangesAsync(cancellationToken);
        StoredJob job = await context.Jobs.SingleAsync(j => j.Id == part.JobId, cancellationToken);
        return new PartOrder(part.JobId, part.Number, part.Fence, part.Kind, part.Input, job.Request, job.CollectionId, job.CollectionName);
    }

    /// <summary>Renews the lease of a part that this node has taken.</summary>
    /// <returns>False when nobody waits for it any more.</returns>
    public Task<bool> RenewAsync(PartOrder part, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            long until = await database.ClockAsync(context, token) + (long)Lease.TotalMilliseconds;
            return await Mine(context, part).ExecuteUpdateAsync(set => set.SetProperty(p => p.LeaseUntilMs, until), token) == 1;
        },
        cancellationToken);

    /// <summary>Brings what came of a part; nothing happens when nobody waits for it any more.</summary>
    public Task FinishAsync(PartOrder part, byte[] output, CancellationToken cancellationToken) => database.WriteAsync(
        (context, token) => Mine(context, part).ExecuteUpdateAsync(set => set.SetProperty(p => p.Output, output), token), cancellationToken);

    /// <summary>Gives up a part, which the node that offered it computes then.</summary>
    public Task GiveUpAsync(PartOrder part, CancellationToken cancellationToken) => database.WriteAsync(
        (context, token) => Mine(context, part).ExecuteDeleteAsync(token), cancellationToken);

    /// <summary>Removes what a run of a job has left, in the transaction that ends it or begins the next.</summary>
    public static Task ClearAsync(Database database, DpfahContext context, long jobId, CancellationToken cancellationToken) => database.MayHaveOthers
        ? context.JobParts.Where(p => p.JobId == jobId).ExecuteDeleteAsync(cancellationToken)
        : Task.CompletedTask;

    private static IQueryable<StoredJobPart> Of(DpfahContext context, JobRun run, long number) =>
        context.JobParts.Where(p => p.JobId == run.Id && p.Number == number && p.Fence == run.Fence);

    private IQueryable<StoredJobPart> Mine(DpfahContext context, PartOrder part) =>
        context.JobParts.Where(p => p.JobId == part.JobId && p.Number == part.Number && p.Fence == part.Fence && p.Worker == node && p.Output == null);

    // The job itself will meet the database's trouble, and tells of it.
    private static bool IsOfDatabase(Exception error) => error.GetBaseException() is DbException or TimeoutException or IOException;
}

/// <summary>A part of another node's job that this node has taken.</summary>
/// <param name="JobId">Number of the job.</param>
/// <param name="Number">Number of the part.</param>
/// <param name="Fence">The job's fence.</param>
/// <param name="Kind">The job's kind.</param>
/// <param name="Input">What is to be computed.</param>
/// <param name="Request">What the job was asked for.</param>
/// <param name="CollectionId">The collection that it is about; null for none.</param>
/// <param name="CollectionName">That collection's name.</param>
internal sealed record PartOrder(
    long JobId, long Number, long Fence, string Kind, string Input, string Request, int? CollectionId, string? CollectionName);
