using System.Linq.Expressions;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Jobs;

/// <summary>Reads of jobs, their events and what they refused.</summary>
public sealed class JobReader
{
    private readonly Database database;
    private readonly JobSignal signal;

    internal JobReader(Database database, JobSignal signal)
    {
        this.database = database;
        this.signal = signal;
    }

    /// <summary>Finds a job.</summary>
    public Task<JobRecord?> FindAsync(long id, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) => await context.Jobs.SingleOrDefaultAsync(j => j.Id == id, token) is { } job ? Record(job) : null, cancellationToken);

    /// <summary>Jobs, the newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Number before which to begin; null for the newest.</param>
    /// <param name="limit">Most jobs to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<JobRecord>> ListAsync(JobFilter filter, long? before, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) =>
        {
            IQueryable<StoredJob> jobs = context.Jobs;
            jobs = Narrow(jobs, before, b => j => j.Id < b);
            jobs = filter.Kind is { } kind ? jobs.Where(j => j.Kind == kind) : jobs;
            jobs = filter.Within is { } within ? jobs.Where(j => j.CollectionName != null && within.Contains(j.CollectionName)) : jobs;
            jobs = filter.Collection is { } collection ? jobs.Where(j => j.CollectionName == collection) : jobs;
            jobs = Narrow(jobs, filter.State, s => j => j.State == s);
            return (await jobs.OrderByDescending(j => j.Id).Take(limit).ToListAsync(token)).ConvertAll(Record);
        },
        cancellationToken);

    private static IQueryable<StoredJob> Narrow<T>(
        IQueryable<StoredJob> jobs, T? value, Func<T, Expression<Func<StoredJob, bool>>> condition)
        where T : struct => value is { } given ? jobs.Where(condition(given)) : jobs;

    /// <summary>Events of a job after one that the reader has, in order.</summary>
    /// <param name="id">The job.</param>
    /// <param name="after">Sequence of the last event that is known; 0 for none.</param>
    /// <param name="limit">Most events to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<JobEventRecord>> EventsAsync(long id, long after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.JobEvents.Where(e => e.JobId == id && e.Seq > after).OrderBy(e => e.Seq).Take(limit)
            .Select(e => new JobEventRecord(e.Seq, e.Kind, e.Data, e.CreatedAt)).ToListAsync(token),
        cancellationToken);

    /// <summary>Watches a job, until the watch is disposed.</summary>
    public JobWatch Watch(long id) => signal.Watch(id);

    /// <summary>What a job refused, in order.</summary>
    /// <param name="id">The job.</param>
    /// <param name="after">Number of the last one that is known; 0 for none.</param>
    /// <param name="limit">Most to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<JobRejectionRecord>> RejectionsAsync(long id, long after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.JobRejections.Where(r => r.JobId == id && r.Number > after).OrderBy(r => r.Number).Take(limit)
            .Select(r => new JobRejectionRecord(r.Number, r.Item, r.Code, r.Reason)).ToListAsync(token),
        cancellationToken);

    internal static JobRecord Record(StoredJob job) => new(
        job.Id,
        job.Kind,
        job.State,
        job.CollectionName,
        job.Request,
        job.CreatedBy,
        job.CreatedAt,
        job.StartedAt,
        job.FinishedAt,
        job.Attempts,
        job.CancelRequested,
        job.Stage,
        job.Done,
        job.Total,
        new JobCounts(job.Accepted, job.Indexed, job.Unchanged, job.Rejected),
        job.Result,
        job.Error);
}

/// <summary>Which jobs are listed; null takes all.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="State">The state.</param>
/// <param name="Collection">Name of the collection.</param>
/// <param name="Within">Names of the collections of which one it must be.</param>
public sealed record JobFilter(string? Kind, JobState? State, string? Collection, IReadOnlyList<string>? Within = null);
