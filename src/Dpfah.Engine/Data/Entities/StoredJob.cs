using Dpfah.Engine.Jobs;

namespace Dpfah.Engine.Data.Entities;

/// <summary>A job: work that outlives the request that asked for it.</summary>
internal sealed class StoredJob
{
    public long Id { get; set; }

    /// <summary>What is to be done; names its <see cref="IJobHandler"/>.</summary>
    public required string Kind { get; set; }

    /// <summary>Jobs of one lane share a limit of how many run at once on a node.</summary>
    public required string Lane { get; set; }

    public JobState State { get; set; }

    /// <summary>The collection that it is about; null for none. Not a foreign key: a job's record outlives its collection.</summary>
    public int? CollectionId { get; set; }

    /// <summary>The collection's name when the job was made.</summary>
    public string? CollectionName { get; set; }

    /// <summary>What was asked for, with every default filled in: a JSON object.</summary>
    public required string Request { get; set; }

    /// <summary>Name of the key that asked for it; null without keys.</summary>
    public string? CreatedBy { get; set; }

    public DateTime CreatedAt { get; set; }

    public DateTime? StartedAt { get; set; }

    public DateTime? FinishedAt { get; set; }

    /// <summary>Not to be claimed before this moment, in milliseconds of the database's clock.</summary>
    public long NotBeforeMs { get; set; }

    /// <summary>Whoever runs it must have renewed the lease by this moment, in milliseconds of the database's clock.</summary>
    public long LeaseUntilMs { get; set; }

    /// <summary>Name of the process that claimed it last.</summary>
    public string? Worker { get; set; }

    /// <summary>Raised by each claim; a write under an older number is refused.</summary>
    public long Fence { get; set; }

    /// <summary>Claims since the last checkpoint.</summary>
    public int Attempts { get; set; }

    public bool CancelRequested { get; set; }

    /// <summary>What is being done, in a few words.</summary>
    public string? Stage { get; set; }

    /// <summary>Units of the stage that are done.</summary>
    public long? Done { get; set; }

    /// <summary>Units of the stage.</summary>
    public long? Total { get; set; }

    public long Accepted { get; set; }

    public long Indexed { get; set; }

    public long Unchanged { get; set; }

    public long Rejected { get; set; }

    /// <summary>Where to go on: a JSON value that the handler wrote; null at the start.</summary>
    public string? Checkpoint { get; set; }

    /// <summary>Transactions of the job that were committed: a commit whose answer was lost is told from one that did not happen.</summary>
    public long Writes { get; set; }

    /// <summary>Sequence of the last event.</summary>
    public long EventSeq { get; set; }

    /// <summary>What came of it: a JSON object.</summary>
    public string? Result { get; set; }

    /// <summary>Why it failed, or why the last attempt did, in a sentence.</summary>
    public string? Error { get; set; }
}
