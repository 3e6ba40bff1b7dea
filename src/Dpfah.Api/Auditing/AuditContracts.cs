using System.Text.Json;
using Dpfah.Engine.Auditing;

namespace Dpfah.Api.Auditing;

/// <summary>A line of the audit.</summary>
/// <param name="Id">Its number.</param>
/// <param name="At">When it happened, UTC.</param>
/// <param name="Who">Name of the key; 'admin' is the key of the settings, 'local' a caller where no key is asked for, 'terminal' the program dpfah, 'schedule' and 'service' the service itself.</param>
/// <param name="Action">What was done.</param>
/// <param name="Collection">The collection that it is about; null for none.</param>
/// <param name="Subject">Id of the picture, number of the generation or job, name of the collection, model or key.</param>
/// <param name="Job">The job in which it happened; null outside of jobs.</param>
/// <param name="Before">What was so before; null for nothing.</param>
/// <param name="After">What is so since; null for nothing.</param>
public sealed record AuditResponse(
    long Id, DateTime At, string Who, string Action, string? Collection, string Subject, long? Job, JsonElement? Before, JsonElement? After)
{
    internal static AuditResponse From(AuditRecord line) => new(
        line.Id, line.At, line.Who, line.Action, line.Collection, line.Subject, line.JobId, Parse(line.Before), Parse(line.After));

    private static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);
}

/// <summary>A page of the audit, the newest first.</summary>
/// <param name="Items">The lines.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record AuditList(IReadOnlyList<AuditResponse> Items, string? NextCursor);
