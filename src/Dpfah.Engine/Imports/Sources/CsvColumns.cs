namespace Dpfah.Engine.Imports.Sources;

/// <summary>The first row of a CSV file, which names its columns.</summary>
internal static class CsvColumns
{
    /// <summary>Reads the first row.</summary>
    /// <param name="rows">At the start of the file.</param>
    /// <param name="known">Columns that there may be.</param>
    /// <param name="needed">Columns that there must be.</param>
    /// <param name="name">What the file is called in messages.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">There is none, or it names other columns.</exception>
    public static async Task<IReadOnlyList<string>> ReadAsync(
        CsvReader rows, string[] known, string[] needed, string name, CancellationToken cancellationToken)
    {
        if (!await rows.ReadAsync(cancellationToken))
        {
            throw new InvalidDataException($"{name} is empty: its first row names the columns ({string.Join(", ", known)}).");
        }

        string[] columns = [.. rows.Fields.Select(field => field.Trim())];
        string? problem = rows.Problem is not null ? $"it {rows.Problem}"
            : columns.FirstOrDefault(column => !known.Contains(column)) is { } unknown ? $"there is no column '{unknown}' here"
            : needed.FirstOrDefault(column => !columns.Contains(column)) is { } missing ? $"the column '{missing}' is missing"
            : columns.Distinct().Count() != columns.Length ? "it names a column twice"
            : null;
        return problem is null
            ? columns
            : throw new InvalidDataException($"{name}: the first row names the columns ({string.Join(", ", known)}), but {problem}.");
    }

    /// <summary>Whether a row has the form that the first one promises; else what is wrong with it, as a sentence.</summary>
    public static string? Check(CsvReader rows, IReadOnlyList<string> columns) =>
        rows.Problem is not null ? $"The row {rows.Problem}."
        : rows.Fields.Count != columns.Count ? $"The row has {rows.Fields.Count} fields; there are {columns.Count} columns."
        : null;
}
