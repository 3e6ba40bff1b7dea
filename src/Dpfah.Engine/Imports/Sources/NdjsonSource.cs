using System.Runtime.CompilerServices;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads pictures out of NDJSON: a JSON object a line, with the picture as base64 or its URL. Empty lines are not counted.</summary>
internal static class NdjsonSource
{
    private static readonly string[] Members = ["id", "image", "url", "labels", "metadata"];

    /// <summary>Reads the lines.</summary>
    /// <param name="stream">Not closed.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<ImportEntry> ReadAsync(
        Stream stream, ImportLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new LineReader(stream, limits.LineBytes);
        while (await reader.ReadAsync(cancellationToken))
        {
            string item = RecordEntry.LineItem(reader.Number);
            if (reader.IsTooLong)
            {
                yield return ImportEntry.Rejected(item, null, RejectionCodes.TooLarge, $"The line has more than {limits.LineBytes:N0} bytes.");
            }
            else if (!reader.Line.Span.Trim(" \t"u8).IsEmpty)
            {
                ImportRecord? record = ImportRecord.FromJson(reader.Line, Members, out string? id, out string? problem);
                yield return RecordEntry.Of(record, id, problem, reader.Number, limits);
            }
        }
    }
}
