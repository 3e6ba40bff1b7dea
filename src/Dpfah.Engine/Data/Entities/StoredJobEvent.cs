using Dpfah.Engine.Jobs;

namespace Dpfah.Engine.Data.Entities;

/// <summary>Something that happened to a job.</summary>
internal sealed class StoredJobEvent
{
    public long JobId { get; set; }

    /// <summary>Counts the job's events from 1, without gaps.</summary>
    public long Seq { get; set; }

    public JobEventKind Kind { get; set; }

    /// <summary>A JSON object.</summary>
    public required string Data { get; set; }

    public DateTime CreatedAt { get; set; }
}
