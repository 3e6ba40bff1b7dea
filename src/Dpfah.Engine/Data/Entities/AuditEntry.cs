namespace Dpfah.Engine.Data.Entities;

/// <summary>
/// One line of the audit: what somebody changed or deleted. Written in the transaction of the change, never changed and never removed:
/// triggers refuse both. It names things by the names that they had, since they may be gone.
/// </summary>
internal sealed class AuditEntry
{
    public long Id { get; set; }

    public DateTime At { get; set; }

    /// <summary>Name of the key, or one of <see cref="Auditing.AuditNames"/>.</summary>
    public required string Who { get; set; }

    /// <summary>One of <see cref="Auditing.AuditActions"/>.</summary>
    public required string Action { get; set; }

    /// <summary>Name of the collection that it is about; null for none.</summary>
    public string? Collection { get; set; }

    /// <summary>Id of the picture, number of the generation or job, name of the collection, model or key.</summary>
    public required string Subject { get; set; }

    /// <summary>The job in which it happened; null outside of jobs. Not a foreign key: jobs are forgotten.</summary>
    public long? JobId { get; set; }

    /// <summary>What was so before: a JSON object; null when there was nothing.</summary>
    public string? Before { get; set; }

    /// <summary>What is so since: a JSON object; null when nothing is left.</summary>
    public string? After { get; set; }
}
