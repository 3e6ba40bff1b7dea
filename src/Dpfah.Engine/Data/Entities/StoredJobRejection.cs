namespace Dpfah.Engine.Data.Entities;

/// <summary>An item that a job did not take.</summary>
internal sealed class StoredJobRejection
{
    public long JobId { get; set; }

    /// <summary>Counts the job's rejections from 1.</summary>
    public long Number { get; set; }

    /// <summary>The item's id, or what stands in the place of one.</summary>
    public required string Item { get; set; }

    /// <summary>A stable word for the reason.</summary>
    public required string Code { get; set; }

    /// <summary>The reason, in a sentence.</summary>
    public required string Reason { get; set; }
}
