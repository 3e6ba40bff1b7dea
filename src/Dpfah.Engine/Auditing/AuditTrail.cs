using System.Security.Cryptography;
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

    /// <summary>Most bytes that a side of a line takes as it is; of a longer one its size, its SHA-256 and its beginning stand there.</summary>
    public const int MostBytes = 4096;

    private const int BeginningLetters = 1024;

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

    /// <summary>What is told of a picture: the digest of its bytes, its labels and its metadata; 128 KiB at most, of which the audit keeps the beginning.</summary>
    public static string StateOf(Item item)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("sha256", Convert.ToHexStringLower(item.ContentDigest));
            writer.WriteStartArray("labels");
            foreach (string label in item.Labels)
            {
                writer.WriteStringValue(label);
            }

            writer.WriteEndArray();
            writer.WritePropertyName("metadata");
            writer.WriteRawValue(item.Metadata ?? "null");
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(json.ToArray());
    }

    private static string? Text(object? state) => state is null ? null : Shorten(state as string ?? JsonSerializer.Serialize(state, JobJson.Options));

    // Nothing removes lines: whoever changes a picture to and fro must not fill the database by them.
    private static string Shorten(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= MostBytes)
        {
            return text;
        }

        int letters = char.IsHighSurrogate(text[BeginningLetters - 1]) ? BeginningLetters - 1 : BeginningLetters;
        return JsonSerializer.Serialize(
            new { TextBytes = bytes.Length, TextSha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), TextBeginning = text[..letters] }, JobJson.Options);
    }
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
