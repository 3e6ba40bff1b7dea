using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;

namespace Dpfah.Engine.Auditing;

/// <summary>Writes the audit: each line goes with the transaction of what it tells.</summary>
internal static class AuditTrail
{
    // Letters take the bytes that they have as UTF-8; a pictograph takes twelve.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Adds a line; the caller saves.</summary>
    /// <param name="context">In the transaction of the change.</param>
    /// <param name="line">What is told.</param>
    /// <param name="now">The time, UTC.</param>
    public static void Add(DpfahContext context, AuditLine line, DateTime now) => context.Audit.Add(new AuditEntry
    {
        At = now,
        Who = line.Who ?? AuditNames.Service,
        Action = line.Action,
        Collection = line.Collection,
        Subject = line.Subject,
        JobId = line.JobId,
        Before = Text(line.Before),
        After = Text(line.After),
    });

    /// <summary>What is told of a picture: its labels, its metadata and the digest of its bytes; 128 KiB at most.</summary>
    public static string StateOf(Item item)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, Plain))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("labels");
            foreach (string label in item.Labels)
            {
                writer.WriteStringValue(label);
            }

            writer.WriteEndArray();
            writer.WritePropertyName("metadata");
            writer.WriteRawValue(item.Metadata ?? "null");
            writer.WriteString("sha256", Convert.ToHexStringLower(item.ContentDigest));
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(json.ToArray());
    }

    private static string? Text(object? state) => state as string ?? (state is null ? null : JsonSerializer.Serialize(state, JobJson.Options));
}

/// <summary>A line of the audit to be written.</summary>
/// <param name="Who">Name of the key; null for the service itself.</param>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Collection">Name of the collection that it is about; null for none.</param>
/// <param name="Subject">What was changed, by its name, id or number.</param>
/// <param name="Before">What was so: JSON text, or an object that is written as JSON; null for nothing.</param>
/// <param name="After">What is so, in the same way.</param>
/// <param name="JobId">The job in which it happens; null outside of jobs.</param>
internal sealed record AuditLine(
    string? Who, string Action, string? Collection, string Subject, object? Before = null, object? After = null, long? JobId = null);
