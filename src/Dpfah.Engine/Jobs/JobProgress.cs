using System.Text.Json;

namespace Dpfah.Engine.Jobs;

/// <summary>What a transaction of a job says of its progress; it commits with the rest of the transaction.</summary>
/// <param name="run">The job as it stood before.</param>
internal sealed class JobProgress(JobRun run)
{
    private readonly List<(string Item, string Code, string Reason)> rejections = [];
    private readonly List<(JobEventKind Kind, string Data)> events = [];

    /// <summary>Items so far.</summary>
    public JobCounts Counts { get; private set; } = run.Counts;

    /// <summary>Where a later worker goes on.</summary>
    public string? Checkpoint { get; private set; } = run.Checkpoint;

    /// <summary>What is being done, in a few words.</summary>
    public string? Stage { get; private set; } = run.Stage;

    /// <summary>Units of the stage that are done.</summary>
    public long? Done { get; private set; } = run.Done;

    /// <summary>Units of the stage; null when that is not known.</summary>
    public long? Total { get; private set; } = run.Total;

    /// <summary>Whether <see cref="SetCheckpoint"/> was called.</summary>
    public bool HasNewCheckpoint { get; private set; }

    /// <summary>Refused items of this transaction.</summary>
    public IReadOnlyList<(string Item, string Code, string Reason)> Rejections => rejections;

    /// <summary>Metrics and sentences of this transaction.</summary>
    public IReadOnlyList<(JobEventKind Kind, string Data)> Events => events;

    /// <summary>Counts items. Refused ones are counted by <see cref="Reject"/>.</summary>
    public void Count(long accepted, long indexed = 0, long unchanged = 0) => Counts = Counts with
    {
        Accepted = Counts.Accepted + accepted,
        Indexed = Counts.Indexed + indexed,
        Unchanged = Counts.Unchanged + unchanged,
    };

    /// <summary>Tells of an item that was refused, and counts it as such; it was counted as accepted, or is by the caller.</summary>
    /// <param name="item">The item's id, or what stands in the place of one.</param>
    /// <param name="code">A stable word for the reason.</param>
    /// <param name="reason">The reason, in a sentence.</param>
    public void Reject(string item, string code, string reason)
    {
        Counts = Counts with { Rejected = Counts.Rejected + 1 };
        rejections.Add((Clean(item), code, Clean(reason)));
    }

    /// <summary>Tells where a later worker goes on. All that came before must be in this transaction or an earlier one.</summary>
    /// <param name="value">Becomes JSON.</param>
    public void SetCheckpoint<T>(T value)
    {
        Checkpoint = JsonSerializer.Serialize(value, JobJson.Options);
        HasNewCheckpoint = true;
    }

    /// <summary>Tells what is being done.</summary>
    /// <param name="stage">A few words.</param>
    /// <param name="done">Units that are done.</param>
    /// <param name="total">Units in all; null when that is not known.</param>
    public void SetStage(string stage, long? done = null, long? total = null) => (Stage, Done, Total) = (stage, done, total);

    /// <summary>Tells a measured value, such as the loss of an epoch.</summary>
    /// <param name="data">Becomes a JSON object.</param>
    public void Metric(object data) => events.Add((JobEventKind.Metric, JsonSerializer.Serialize(data, JobJson.Options)));

    /// <summary>Tells a sentence.</summary>
    public void Log(string message) => events.Add((JobEventKind.Log, JsonSerializer.Serialize(new { message = Clean(message) }, JobJson.Options)));

    // PostgreSQL's text has no zero character, and names from archives may have one.
    private static string Clean(string text) => text.Replace('\0', '\uFFFD');
}
