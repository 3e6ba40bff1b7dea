using System.Collections.Concurrent;
using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs.Parts;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Jobs;

/// <summary>What a worker does with jobs in the database: claims them, renews its lease, writes under its fence, ends them.</summary>
/// <remarks>
/// A claim raises the job's fence. All writes of a job lock its row and compare the fence before they commit, so that a worker that was
/// stopped past its lease, and goes on after another has taken the job over, writes nothing. The row is locked last: while a write waits
/// for others, or takes long, the job's end can be asked for and its lease is renewed. Leases are counted by the database's clock.
/// </remarks>
internal sealed class JobClaims(Database database, JobSignal signal, EngineOptions options, TimeProvider clock)
{
    /// <summary>Claims without a new checkpoint before a job is given up.</summary>
    public const int MaxAttempts = 3;

    private readonly string worker = $"{Environment.MachineName}/{Environment.ProcessId}";

    // Fences of jobs that this process has claimed: a lease of its own that ran out tells that the database was away, and of no lost process.
    private readonly ConcurrentDictionary<long, long> claimed = new();

    /// <summary>Takes the oldest job of a lane that waits, or whose worker is gone; where <see cref="EngineOptions.OnlyJob"/> is set, that one only.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="kinds">What this process can do.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>Null when there is none.</returns>
    public async Task<JobRun?> ClaimAsync(string lane, string[] kinds, CancellationToken cancellationToken)
    {
        while (true)
        {
            (StoredJob? job, bool wasLost, bool ended) = await database.WriteAsync<(StoredJob?, bool, bool)>(
                async (context, token) =>
                {
                    long now = await database.ClockAsync(context, token);
                    StoredJob? next = await database.LockNextJobAsync(context, lane, kinds, options.OnlyJob, now, token);
                    if (next is null)
                    {
                        return (null, false, false);
                    }

                    bool lost = next.State == JobState.Running && claimed.GetValueOrDefault(next.Id) != next.Fence;
                    bool end = Take(context, next, now);
                    await PartBoard.ClearAsync(database, context, next.Id, token);
                    await context.SaveChangesAsync(token);
                    return (next, lost, end);
                },
                cancellationToken);
            if (job is null)
            {
                return null;
            }

            signal.Raise(job.Id);
            if (!ended)
            {
                claimed[job.Id] = job.Fence;
                return new JobRun(this, job, wasLost);
            }
        }
    }

    /// <returns>Whether it was ended instead: its worker was lost when its end had been asked for, or once too often.</returns>
    private bool Take(DpfahContext context, StoredJob job, long now)
    {
        bool wasLost = job.State == JobState.Running;
        job.Fence++;
        if (job.CancelRequested)
        {
            End(context, job, JobState.Cancelled, null, null);
            return true;
        }

        if (wasLost && job.Attempts >= MaxAttempts)
        {
            End(context, job, JobState.Failed, null,
                $"The process that ran this job was lost {job.Attempts} times without progress in between: see the log of the service for its end."
                + (job.Error is null ? "" : $" Before: {job.Error}"));
            return true;
        }

        job.State = JobState.Running;
        job.Attempts++;
        job.Worker = worker;
        job.LeaseUntilMs = now + (long)options.JobLease.TotalMilliseconds;
        job.StartedAt ??= UtcNow;
        AddEvent(context, job, JobEventKind.State, StateData(job));
        return false;
    }

    /// <summary>Renews the lease.</summary>
    /// <returns>Whether the job is still this worker's, and whether its end was asked for.</returns>
    public Task<(bool Mine, bool CancelRequested)> RenewAsync(JobRun run, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (context, token) =>
            {
                long until = await database.ClockAsync(context, token) + (long)options.JobLease.TotalMilliseconds;
                int rows = await context.Jobs.Where(j => j.Id == run.Id && j.Fence == run.Fence && j.State == JobState.Running)
                    .ExecuteUpdateAsync(set => set.SetProperty(j => j.LeaseUntilMs, until), token);
                return (rows == 1, rows == 1 && await context.Jobs.AnyAsync(j => j.Id == run.Id && j.CancelRequested, token));
            },
            cancellationToken);

    /// <summary>Runs work in one transaction that commits only under the job's fence.</summary>
    /// <exception cref="FencedException">The job is another worker's by now, or was ended.</exception>
    public async Task<(T Value, JobProgress Progress)> WriteAsync<T>(
        JobRun run, Func<DpfahContext, JobProgress, CancellationToken, Task<T>> work, bool tellProgress, CancellationToken cancellationToken)
    {
        (T Value, JobProgress Progress)? before = null;
        (T, JobProgress) written = await database.WriteAsync(
            async (context, token) =>
            {
                if (before is { } done && (await LockAsync(context, run, token)).Writes == run.Writes + 1)
                {
                    // The commit had taken effect, only its answer was lost.
                    return done;
                }

                var progress = new JobProgress(run);
                T value = await work(context, progress, token);
                await context.SaveChangesAsync(token);
                StoredJob job = await LockAsync(context, run, token);
                Apply(context, job, progress, tellProgress);
                job.Writes = run.Writes + 1;
                await context.SaveChangesAsync(token);
                before = (value, progress);
                return (value, progress);
            },
            cancellationToken);
        signal.Raise(run.Id);
        return written;
    }

    /// <summary>Ends a job.</summary>
    /// <exception cref="FencedException">It is another worker's by now, or was ended.</exception>
    public Task FinishAsync(JobRun run, JobState state, string? result, string? error) => ChangeAsync(
        run,
        (context, job, _) => End(context, job, state, result, error));

    /// <summary>Puts a job back for the next attempt.</summary>
    /// <param name="run">The job.</param>
    /// <param name="delay">How long nobody takes it.</param>
    /// <param name="error">Why the attempt failed; null when it did not, and does not count: the service stops.</param>
    /// <exception cref="FencedException">It is another worker's by now, or was ended.</exception>
    public Task ReleaseAsync(JobRun run, TimeSpan delay, string? error) => ChangeAsync(
        run,
        (context, job, now) =>
        {
            job.State = JobState.Queued;
            job.NotBeforeMs = now + (long)delay.TotalMilliseconds;
            job.Attempts -= error is null ? 1 : 0;
            job.Error = error ?? job.Error;
            AddEvent(context, job, JobEventKind.State, StateData(job));
        });

    private async Task ChangeAsync(JobRun run, Action<DpfahContext, StoredJob, long> change)
    {
        await database.WriteAsync(
            async (context, token) =>
            {
                long now = await database.ClockAsync(context, token);
                StoredJob job = await LockAsync(context, run, token);
                change(context, job, now);
                await PartBoard.ClearAsync(database, context, job.Id, token);
                await context.SaveChangesAsync(token);
                return true;
            },
            CancellationToken.None);
        claimed.TryRemove(new(run.Id, run.Fence));
        signal.Raise(run.Id);
    }

    private async Task<StoredJob> LockAsync(DpfahContext context, JobRun run, CancellationToken cancellationToken)
    {
        StoredJob? job = await database.LockJobAsync(context, run.Id, cancellationToken);
        return job is not null && job.Fence == run.Fence && job.State == JobState.Running ? job : throw new FencedException(run.Id);
    }

    private void Apply(DpfahContext context, StoredJob job, JobProgress progress, bool tellProgress)
    {
        long rejected = job.Rejected;
        foreach ((string item, string code, string reason) in progress.Rejections)
        {
            context.JobRejections.Add(new StoredJobRejection { JobId = job.Id, Number = ++rejected, Item = item, Code = code, Reason = reason });
        }

        bool newStage = job.Stage != progress.Stage;
        (job.Accepted, job.Indexed, job.Unchanged, job.Rejected) =
            (progress.Counts.Accepted, progress.Counts.Indexed, progress.Counts.Unchanged, progress.Counts.Rejected);
        (job.Stage, job.Done, job.Total, job.Checkpoint) = (progress.Stage, progress.Done, progress.Total, progress.Checkpoint);
        if (progress.HasNewCheckpoint)
        {
            // It got somewhere: whoever takes it over begins to count anew.
            job.Attempts = 1;
        }

        if (newStage || tellProgress)
        {
            AddEvent(context, job, JobEventKind.Progress, ProgressData(job));
        }

        foreach ((JobEventKind kind, string data) in progress.Events)
        {
            AddEvent(context, job, kind, data);
        }
    }

    /// <summary>Ends a job in this transaction; also for one that waits, by <see cref="JobQueue.CancelAsync"/>.</summary>
    internal void End(DpfahContext context, StoredJob job, JobState state, string? result, string? error)
    {
        job.State = state;
        job.FinishedAt = UtcNow;
        job.Result = result;
        job.Error = error?.Replace('\0', '\uFFFD');
        AddEvent(context, job, JobEventKind.Progress, ProgressData(job));
        AddEvent(context, job, JobEventKind.State, StateData(job));
    }

    /// <summary>Adds an event in this transaction.</summary>
    internal void AddEvent(DpfahContext context, StoredJob job, JobEventKind kind, string data) => context.JobEvents.Add(new StoredJobEvent
    {
        JobId = job.Id,
        Seq = ++job.EventSeq,
        Kind = kind,
        Data = data,
        CreatedAt = UtcNow,
    });

    /// <summary>What a state event tells.</summary>
    internal static string StateData(StoredJob job) => JsonSerializer.Serialize(
        new { state = job.State, attempt = job.Attempts, error = job.Error }, JobJson.Options);

    private static string ProgressData(StoredJob job) => JsonSerializer.Serialize(
        new
        {
            stage = job.Stage,
            done = job.Done,
            total = job.Total,
            counts = new JobCounts(job.Accepted, job.Indexed, job.Unchanged, job.Rejected),
        },
        JobJson.Options);

    private DateTime UtcNow => clock.GetUtcNow().UtcDateTime;
}
