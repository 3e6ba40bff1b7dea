namespace Dpfah.Engine.Data.Entities;

/// <summary>
/// A part of a job that runs, offered to other nodes to be computed. Nothing but time is lost with a row: whoever runs the job computes the
/// part himself then. So on PostgreSQL the table is not logged, and is empty after a crash of the server.
/// </summary>
internal sealed class StoredJobPart
{
    public long JobId { get; set; }

    /// <summary>Counts the parts that one run of the job has offered.</summary>
    public long Number { get; set; }

    /// <summary>The job's kind.</summary>
    public required string Kind { get; set; }

    /// <summary>The fence of the run that offered it: a later run has no use for it.</summary>
    public long Fence { get; set; }

    /// <summary>The node that offered it.</summary>
    public required string Leader { get; set; }

    /// <summary>The node that has taken it; null when it was not.</summary>
    public string? Worker { get; set; }

    /// <summary>Whoever has taken it must have renewed the lease by this moment, in milliseconds of the database's clock.</summary>
    public long LeaseUntilMs { get; set; }

    /// <summary>What is to be computed: JSON of the kind's own.</summary>
    public required string Input { get; set; }

    /// <summary>What came of it: JSON of the kind's own in UTF-8; null until then.</summary>
    public byte[]? Output { get; set; }
}
