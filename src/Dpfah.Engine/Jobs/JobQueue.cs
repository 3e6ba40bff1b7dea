using System.Diagnostics.CodeAnalysis;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Jobs;

/// <summary>Queues jobs, and asks for their end.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue, though not of the kind that the rule knows.")]
public sealed class JobQueue
{
    private readonly Database database;
    private readonly JobClaims claims;
    private readonly JobSignal signal;
    private readonly TimeProvider clock;

    internal JobQueue(Database database, JobClaims claims, JobSignal signal, TimeProvider clock)
    {
        this.database = database;
        this.claims = claims;
        this.signal = signal;
        this.clock = clock;
    }

    /// <summary>Queues a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="blobs">Blobs that are the job's from now on, and deleted with it.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <param name="beside">What else is added in the same transaction.</param>
    internal async Task<JobRecord> EnqueueAsync(
        NewJob job, IReadOnlyCollection<long> blobs, CancellationToken cancellationToken, Action<DpfahContext, StoredJob>? beside = null)
    {
        StoredJob stored = await database.WriteAsync(
            async (context, token) =>
            {
                StoredJob added = await AddAsync(context, job, token);
                if (beside is not null)
                {
                    beside(context, added);
                    await context.SaveChangesAsync(token);
                }

                await context.Blobs.Where(b => blobs.Contains(b.Id)).ExecuteUpdateAsync(set => set.SetProperty(b => b.JobId, added.Id), token);
                return added;
            },
            cancellationToken);
        signal.Raise(stored.Id);
        return JobReader.Record(stored);
    }

    /// <summary>Queues a job in a transaction of the caller, who calls <see cref="Wake"/> after the commit.</summary>
    internal async Task<StoredJob> AddAsync(DpfahContext context, NewJob job, CancellationToken cancellationToken)
    {
        var stored = new StoredJob
        {
            Kind = job.Kind,
            Lane = job.Lane,
            State = JobState.Queued,
            CollectionId = job.CollectionId,
            CollectionName = job.CollectionName,
            Request = job.Request,
            CreatedBy = job.CreatedBy,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        };
        context.Jobs.Add(stored);
        await context.SaveChangesAsync(cancellationToken);
        claims.AddEvent(context, stored, JobEventKind.State, JobClaims.StateData(stored));
        await context.SaveChangesAsync(cancellationToken);
        await database.NotifyJobsAsync(context, cancellationToken);
        return stored;
    }

    /// <summary>Makes the workers of this process look.</summary>
    public void Wake() => signal.Raise();

    /// <summary>Asks for the end of a job. One that waits ends at once; one that runs, within seconds; one that has ended stays as it is.</summary>
    /// <returns>The job as it is now; null when there is none of that number.</returns>
    public async Task<JobRecord?> CancelAsync(long id, CancellationToken cancellationToken)
    {
        StoredJob? job = await database.WriteAsync(
            async (context, token) =>
            {
                StoredJob? found = await database.LockJobAsync(context, id, token);
                if (found is null || found.State is not (JobState.Queued or JobState.Running))
                {
                    return found;
                }

                found.CancelRequested = true;
                if (found.State == JobState.Queued)
                {
                    claims.End(context, found, JobState.Cancelled, null, null);
                }

                await context.SaveChangesAsync(token);
                await database.NotifyJobsAsync(context, token);
                return found;
            },
            cancellationToken);
        signal.Raise(id);
        return job is null ? null : JobReader.Record(job);
    }
}
