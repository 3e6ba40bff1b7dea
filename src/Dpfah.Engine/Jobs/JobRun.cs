using System.Diagnostics;
using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;

namespace Dpfah.Engine.Jobs;

/// <summary>A job that this process has claimed. For one caller at a time.</summary>
internal sealed class JobRun
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    private readonly JobClaims claims;
    private long told;

    /// <summary>A job as it was claimed.</summary>
    public JobRun(JobClaims claims, StoredJob job, bool wasLost)
    {
        WasLost = wasLost;
        this.claims = claims;
        (Id, Kind, Fence, Attempt) = (job.Id, job.Kind, job.Fence, job.Attempts);
        (Request, CreatedBy, CollectionId, CollectionName) = (job.Request, job.CreatedBy, job.CollectionId, job.CollectionName);
        (Checkpoint, Stage, Done, Total) = (job.Checkpoint, job.Stage, job.Done, job.Total);
        Writes = job.Writes;
        Counts = new JobCounts(job.Accepted, job.Indexed, job.Unchanged, job.Rejected);
    }

    /// <summary>The job's number.</summary>
    public long Id { get; }

    /// <summary>What is to be done.</summary>
    public string Kind { get; }

    /// <summary>The number under which this process writes.</summary>
    public long Fence { get; }

    /// <summary>Claims since the last checkpoint, this one included.</summary>
    public int Attempt { get; private set; }

    /// <summary>Whether another process had the job and let its lease run out: it was lost, or cut off from the database.</summary>
    public bool WasLost { get; }

    /// <summary>What was asked for: a JSON object.</summary>
    public string Request { get; }

    /// <summary>Name of the key that asked for it; null without keys.</summary>
    public string? CreatedBy { get; }

    /// <summary>The collection that it is about; null for none. It may be deleted meanwhile.</summary>
    public int? CollectionId { get; }

    /// <summary>That collection's name.</summary>
    public string? CollectionName { get; }

    /// <summary>Transactions of the job that were committed.</summary>
    public long Writes { get; private set; }

    /// <summary>Items so far.</summary>
    public JobCounts Counts { get; private set; }

    /// <summary>Where to go on; null at the start.</summary>
    public string? Checkpoint { get; private set; }

    /// <summary>What is being done.</summary>
    public string? Stage { get; private set; }

    /// <summary>Units of the stage that are done.</summary>
    public long? Done { get; private set; }

    /// <summary>Units of the stage.</summary>
    public long? Total { get; private set; }

    /// <summary>The request as the type that the kind gives it.</summary>
    /// <exception cref="JobFailedException">It is not of that type.</exception>
    public T ReadRequest<T>() => Read<T>(Request, "request");

    /// <summary>The checkpoint as the type that the kind gives it; <c>default</c> at the start.</summary>
    /// <exception cref="JobFailedException">It is not of that type.</exception>
    public T? ReadCheckpoint<T>() => Checkpoint is null ? default : Read<T>(Checkpoint, "checkpoint");

    /// <summary>Runs work in one transaction that commits only when the job is still this worker's; what it says of progress commits with it.</summary>
    /// <param name="work">Has no other effect than through what it is given: it may be run again.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <exception cref="FencedException">The job is another worker's by now, or was ended.</exception>
    public async Task<T> WriteAsync<T>(Func<DpfahContext, JobProgress, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        long now = Stopwatch.GetTimestamp();
        bool tell = told == 0 || Stopwatch.GetElapsedTime(told, now) >= TellEvery;
        (T value, JobProgress progress) = await claims.WriteAsync(this, work, tell, cancellationToken);
        (Counts, Checkpoint, Stage, Done, Total) = (progress.Counts, progress.Checkpoint, progress.Stage, progress.Done, progress.Total);
        Writes++;
        told = tell ? now : told;
        Attempt = progress.HasNewCheckpoint ? 1 : Attempt;
        return value;
    }

    /// <summary>Tells of progress.</summary>
    /// <exception cref="FencedException">The job is another worker's by now, or was ended.</exception>
    public Task ReportAsync(Action<JobProgress> report, CancellationToken cancellationToken) => WriteAsync(
        (_, progress, _) =>
        {
            report(progress);
            return Task.FromResult(true);
        },
        cancellationToken);

    private static T Read<T>(string json, string what)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, JobJson.Options) ?? throw new JobFailedException($"The {what} of this job is empty.");
        }
        catch (JsonException error)
        {
            throw new JobFailedException($"The {what} of this job cannot be read; it may have been made by another version: {error.Message}", error);
        }
    }
}
