using System.Data.Common;
using System.Diagnostics;
using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>
/// Where a node that runs a job offers parts of it to the other nodes of its database, and where these take them and bring what came of them.
/// </summary>
/// <remarks>
/// Other nodes only compute. The one that runs the job writes, in the job's order and under its fence, as if it had computed all by itself; so
/// counts add up and nothing is written twice, whichever node is lost. A part whose node is not heard of for <see cref="Lease"/>, or takes too
/// long, is computed by the one that runs the job. Each step is one statement that is committed by itself, by the database's clock, so that a
/// node that is stopped between two of them holds up nobody; what another node has locked at the moment is left to it, and to
/// <see cref="CleanAsync"/>.
/// </remarks>
internal sealed class PartBoard(Database database, EngineOptions options)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MostLease = TimeSpan.FromSeconds(10);

    // Of this object, so that two services in one process are two nodes.
    private readonly string node = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
    private long counted;
    private volatile bool hasOthers;

    /// <summary>How long a part stays with a node that is not heard of.</summary>
    public TimeSpan Lease => options.JobLease < MostLease ? options.JobLease : MostLease;

    private long LeaseMs => (long)Lease.TotalMilliseconds;

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
    /// <returns>Whether it is on the board: not when the run is over.</returns>
    public async Task<bool> OfferAsync(JobRun run, long number, string input, CancellationToken cancellationToken)
    {
        try
        {
            // In the place of what an earlier run may have left; after a commit whose answer was lost it offers the same once more.
            return await ExecuteAsync(
                $"""
                INSERT INTO job_parts (job_id, number, kind, fence, leader, lease_until_ms, input)
                SELECT id, {number}, kind, fence, {node}, 0, {input} FROM jobs WHERE id = {run.Id} AND fence = {run.Fence} AND state = 2
                ON CONFLICT (job_id, number) DO UPDATE
                SET fence = EXCLUDED.fence, leader = EXCLUDED.leader, worker = NULL, lease_until_ms = 0, input = EXCLUDED.input, output = NULL
                """,
                cancellationToken) == 1;
        }
        catch (Exception error) when (IsOfDatabase(error))
        {
            return false;
        }
    }

    /// <summary>Takes a part back that nobody has taken.</summary>
    /// <returns>False when somebody has, or is about to.</returns>
    public async Task<bool> TakeBackAsync(JobRun run, long number, CancellationToken cancellationToken)
    {
        try
        {
            return await ExecuteAsync(
                $"""
                DELETE FROM job_parts WHERE (job_id, number) IN (
                    SELECT job_id, number FROM job_parts
                    WHERE job_id = {run.Id} AND number = {number} AND fence = {run.Fence} AND worker IS NULL FOR UPDATE SKIP LOCKED)
                """,
                cancellationToken) == 1;
        }
        catch (Exception error) when (IsOfDatabase(error))
        {
            // Computed twice is as good as once.
            return true;
        }
    }

    /// <summary>Waits for what comes of a part that another node has taken, and takes it off the board.</summary>
    /// <param name="run">The job.</param>
    /// <param name="number">The part.</param>
    /// <param name="isTooLong">Asked now and then, with the time that was waited.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when that node has given it up, was lost, or takes too long.</returns>
    public async Task<byte[]?> ResultAsync(JobRun run, long number, Func<TimeSpan, bool> isTooLong, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                PartState? state = (await database.ReadAsync(
                    (context, token) => context.Database
                        .SqlQuery<PartState>($"""
                            SELECT output AS "Output", lease_until_ms < (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "IsLost" FROM job_parts
                            WHERE job_id = {run.Id} AND number = {number} AND fence = {run.Fence}
                            """)
                        .ToListAsync(token),
                    cancellationToken)).SingleOrDefault();
                if (state is null || state.Output is not null || state.IsLost || isTooLong(Stopwatch.GetElapsedTime(start)))
                {
                    await ExecuteAsync(
                        $"""
                        DELETE FROM job_parts WHERE (job_id, number) IN (
                            SELECT job_id, number FROM job_parts
                            WHERE job_id = {run.Id} AND number = {number} AND fence = {run.Fence} FOR UPDATE SKIP LOCKED)
                        """,
                        cancellationToken);
                    return state?.Output;
                }

                await Task.Delay(LookEvery, cancellationToken);
            }
        }
        catch (Exception error) when (IsOfDatabase(error))
        {
            return null;
        }
    }

    /// <summary>Jobs that other nodes run and of which they offer parts, the oldest first.</summary>
    /// <param name="kinds">Kinds of jobs with which this node can help.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<List<PartJob>> JobsAsync(string[] kinds, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.Database
            .SqlQuery<PartJob>($"""
                SELECT j.id AS "Id", j.fence AS "Fence", j.kind AS "Kind", j.request AS "Request", j.collection_id AS "CollectionId" FROM jobs j
                WHERE j.state = 2 AND NOT j.cancel_requested AND j.kind = ANY ({kinds})
                    AND j.lease_until_ms >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
                    AND EXISTS (SELECT FROM job_parts p WHERE p.job_id = j.id AND p.fence = j.fence AND p.worker IS NULL AND p.leader <> {node})
                ORDER BY j.id
                """)
            .ToListAsync(token),
        cancellationToken);

    /// <summary>Those of some jobs that run, each with its fence.</summary>
    public Task<List<(long Id, long Fence)>> RunningAsync(long[] ids, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) => (await context.Jobs
            .Where(j => ids.Contains(j.Id) && j.State == JobState.Running && !j.CancelRequested)
            .Select(j => new { j.Id, j.Fence }).ToListAsync(token)).ConvertAll(j => (j.Id, j.Fence)),
        cancellationToken);

    /// <summary>Whether a job is still run, and by the same node.</summary>
    public async Task<bool> RunsAsync(PartJob job, CancellationToken cancellationToken) =>
        (await RunningAsync([job.Id], cancellationToken)).Contains((job.Id, job.Fence));

    /// <summary>Takes the first part of a job that another node has offered.</summary>
    /// <returns>Null when there is none.</returns>
    public async Task<PartOrder?> TakeAsync(PartJob job, CancellationToken cancellationToken)
    {
        List<TakenPart> taken = await database.ReadAsync(
            (context, token) => context.Database
                .SqlQuery<TakenPart>($"""
                    WITH offered AS MATERIALIZED (
                        SELECT p.job_id, p.number FROM job_parts p JOIN jobs j ON j.id = p.job_id
                        WHERE p.job_id = {job.Id} AND p.fence = {job.Fence} AND p.worker IS NULL AND p.leader <> {node}
                            AND j.fence = p.fence AND j.state = 2 AND NOT j.cancel_requested
                            AND j.lease_until_ms >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
                        ORDER BY p.number LIMIT 1 FOR NO KEY UPDATE OF p SKIP LOCKED)
                    UPDATE job_parts p SET worker = {node}, lease_until_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + {LeaseMs}
                    FROM offered WHERE p.job_id = offered.job_id AND p.number = offered.number
                    RETURNING p.number AS "Number", p.input AS "Input"
                    """)
                .ToListAsync(token),
            cancellationToken);
        return taken is [var part] ? new PartOrder(job, part.Number, part.Input) : null;
    }

    /// <summary>Renews the lease of a part that this node has taken.</summary>
    /// <returns>False when nobody waits for it any more.</returns>
    public async Task<bool> RenewAsync(PartOrder part, CancellationToken cancellationToken) => await ExecuteAsync(
        $"""
        UPDATE job_parts SET lease_until_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + {LeaseMs}
        WHERE job_id = {part.Job.Id} AND number = {part.Number} AND fence = {part.Job.Fence} AND worker = {node} AND output IS NULL
        """,
        cancellationToken) == 1;

    /// <summary>Brings what came of a part.</summary>
    /// <returns>False when nobody waits for it any more; then nothing has happened.</returns>
    public async Task<bool> FinishAsync(PartOrder part, byte[] output, CancellationToken cancellationToken) => await ExecuteAsync(
        $"""
        UPDATE job_parts SET output = {output}
        WHERE job_id = {part.Job.Id} AND number = {part.Number} AND fence = {part.Job.Fence} AND worker = {node} AND output IS NULL
        """,
        cancellationToken) == 1;

    /// <summary>Gives up a part, which the node that offered it computes then.</summary>
    public Task GiveUpAsync(PartOrder part, CancellationToken cancellationToken) => ExecuteAsync(
        $"""
        DELETE FROM job_parts
        WHERE job_id = {part.Job.Id} AND number = {part.Number} AND fence = {part.Job.Fence} AND worker = {node} AND output IS NULL
        """,
        cancellationToken);

    /// <summary>Removes what a run of a job has left, in the transaction that ends it or begins the next.</summary>
    public static Task ClearAsync(Database database, DpfahContext context, long jobId, CancellationToken cancellationToken) => database.MayHaveOthers
        ? context.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM job_parts WHERE (job_id, number) IN (SELECT job_id, number FROM job_parts WHERE job_id = {jobId} FOR UPDATE SKIP LOCKED)
            """,
            cancellationToken)
        : Task.CompletedTask;

    /// <summary>Removes parts of runs that are over: those that were locked, or were just being offered, when that was done.</summary>
    public static Task CleanAsync(Database database, CancellationToken cancellationToken) => database.MayHaveOthers
        ? database.ReadAsync(
            (context, token) => context.Database.ExecuteSqlAsync(
                $"""
                DELETE FROM job_parts WHERE (job_id, number) IN (
                    SELECT p.job_id, p.number FROM job_parts p
                    WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = p.job_id AND j.fence = p.fence AND j.state = 2) FOR UPDATE SKIP LOCKED)
                """,
                token),
            cancellationToken)
        : Task.CompletedTask;

    /// <summary>Runs one statement, which is a transaction of its own.</summary>
    /// <returns>How many rows it has changed.</returns>
    private Task<int> ExecuteAsync(FormattableString statement, CancellationToken cancellationToken) =>
        database.ReadAsync((context, token) => context.Database.ExecuteSqlAsync(statement, token), cancellationToken);

    // The job itself will meet the database's trouble, and tells of it.
    private static bool IsOfDatabase(Exception error) => error.GetBaseException() is DbException or TimeoutException or IOException;

    private sealed record PartState(byte[]? Output, bool IsLost);

    private sealed record TakenPart(long Number, string Input);
}
