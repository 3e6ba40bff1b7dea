using System.Runtime.CompilerServices;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads a feed in CSV: a picture a row, with its URL.</summary>
internal static class CsvSource
{
    private static readonly string[] Columns = ["id", "url", "labels", "metadata"];

    /// <summary>Reads the rows.</summary>
    /// <param name="stream">Not closed.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">The first row does not name the columns.</exception>
    public static async IAsyncEnumerable<ImportEntry> ReadAsync(
        Stream stream, ImportLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var rows = new CsvReader(stream, limits.RowCharacters);
        IReadOnlyList<string> columns = await CsvColumns.ReadAsync(rows, Columns, ["id", "url"], "The file", cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            string? id = null;
            string? problem = CsvColumns.Check(rows, columns);
            ImportRecord? record = problem is null ? ImportRecord.FromCsv(columns, rows.Fields, out id, out problem) : null;
            yield return RecordEntry.Of(record, id, problem, rows.Line, limits);
        }
    }
}
