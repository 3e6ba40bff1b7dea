using System.Text.Json;
using Dpfah.Engine.Jobs;

namespace Dpfah.Api.Jobs;

/// <summary>A job: work that outlives the request that asked for it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="State">How far it has come.</param>
/// <param name="Collection">The collection that it is about; null for none.</param>
/// <param name="Progress">What is being done.</param>
/// <param name="Counts">Items. When a job has ended well, accepted = indexed + unchanged + rejected.</param>
/// <param name="Request">What was asked for, with every default filled in.</param>
/// <param name="Result">What came of it; null before.</param>
/// <param name="Error">Why it failed, or why the last attempt did; null when nothing did.</param>
/// <param name="Attempts">Attempts since it last got somewhere.</param>
/// <param name="CancelRequested">Whether somebody asked for its end.</param>
/// <param name="CreatedBy">Name of the key that asked for it; null without keys.</param>
/// <param name="CreatedAt">When it was asked for, UTC.</param>
/// <param name="StartedAt">When it first began, UTC.</param>
/// <param name="FinishedAt">When it ended, UTC.</param>
public sealed record JobResponse(
    long Id,
    string Kind,
    JobState State,
    string? Collection,
    JobProgressResponse Progress,
    JobCounts Counts,
    JsonElement Request,
    JsonElement? Result,
    string? Error,
    int Attempts,
    bool CancelRequested,
    string? CreatedBy,
    DateTime CreatedAt,
    DateTime? StartedAt,
    DateTime? FinishedAt)
{
    internal static JobResponse From(JobRecord job) => new(
        job.Id,
        job.Kind,
        job.State,
        job.Collection,
        new JobProgressResponse(job.Stage, job.Done, job.Total),
        job.Counts,
        Parse(job.Request),
        job.Result is null ? null : Parse(job.Result),
        job.Error,
        job.Attempts,
        job.CancelRequested,
        job.CreatedBy,
        job.CreatedAt,
        job.StartedAt,
        job.FinishedAt);

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

/// <summary>What a job is doing.</summary>
/// <param name="Stage">A few words; null before it began.</param>
/// <param name="Done">Units of the stage that are done; null when they are not counted.</param>
/// <param name="Total">Units of the stage; null when that is not known.</param>
public sealed record JobProgressResponse(string? Stage, long? Done, long? Total);

/// <summary>A page of jobs, the newest first.</summary>
/// <param name="Items">The jobs.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record JobList(IReadOnlyList<JobResponse> Items, string? NextCursor);

/// <summary>An item that a job refused: one line of the errors.</summary>
/// <param name="Number">Counts the job's rejections from 1.</param>
/// <param name="Item">The item's id, or what stands in the place of one.</param>
/// <param name="Code">A stable word for the reason.</param>
/// <param name="Reason">The reason, in a sentence.</param>
public sealed record JobRejectionResponse(long Number, string Item, string Code, string Reason);
