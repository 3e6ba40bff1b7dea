namespace Dpfah.Engine.Jobs;

/// <summary>A job as the database has it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="State">How far it has come.</param>
/// <param name="Collection">The collection that it is about; null for none.</param>
/// <param name="Request">What was asked for, with every default filled in: a JSON object.</param>
/// <param name="CreatedBy">Name of the key that asked for it; null without keys.</param>
/// <param name="CreatedAt">When it was asked for, UTC.</param>
/// <param name="StartedAt">When a worker first took it, UTC.</param>
/// <param name="FinishedAt">When it ended, UTC.</param>
/// <param name="Attempts">Claims since its last checkpoint.</param>
/// <param name="CancelRequested">Whether somebody asked for its end.</param>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">Units of the stage that are done.</param>
/// <param name="Total">Units of the stage; null when that is not known.</param>
/// <param name="Counts">Items.</param>
/// <param name="Result">What came of it: a JSON object; null before, and for kinds without one.</param>
/// <param name="Error">Why it failed, or why the last attempt did.</param>
public sealed record JobRecord(
    long Id,
    string Kind,
    JobState State,
    string? Collection,
    string Request,
    string? CreatedBy,
    DateTime CreatedAt,
    DateTime? StartedAt,
    DateTime? FinishedAt,
    int Attempts,
    bool CancelRequested,
    string? Stage,
    long? Done,
    long? Total,
    JobCounts Counts,
    string? Result,
    string? Error)
{
    /// <summary>Whether nothing more happens to it.</summary>
    public bool HasEnded => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}

/// <summary>Something that happened to a job.</summary>
/// <param name="Seq">Counts the job's events from 1, without gaps.</param>
/// <param name="Kind">What it tells.</param>
/// <param name="Data">A JSON object.</param>
/// <param name="CreatedAt">When, UTC.</param>
public sealed record JobEventRecord(long Seq, JobEventKind Kind, string Data, DateTime CreatedAt);

/// <summary>An item that a job refused.</summary>
/// <param name="Number">Counts the job's rejections from 1.</param>
/// <param name="Item">The item's id, or what stands in the place of one.</param>
/// <param name="Code">A stable word for the reason.</param>
/// <param name="Reason">The reason, in a sentence.</param>
public sealed record JobRejectionRecord(long Number, string Item, string Code, string Reason);
