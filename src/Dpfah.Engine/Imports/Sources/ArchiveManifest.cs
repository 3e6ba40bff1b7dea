namespace Dpfah.Engine.Imports.Sources;

/// <summary>What the manifest of an archive says of its entries.</summary>
/// <remarks>
/// A manifest is made by a program, and a picture whose line cannot be read would be indexed without its labels: so one wrong line
/// refuses the archive before anything is written. It may be as long as its archive, as that of an export can be, whose previews are
/// small: its records wait on disk, see <see cref="ManifestRecords"/>.
/// </remarks>
internal sealed class ArchiveManifest : IDisposable
{
    private static readonly string[] Members = ["entry", "id", "labels", "metadata", "preview"];
    private static readonly string[] Columns = ["entry", "id", "labels", "metadata"];

    private readonly ManifestRecords records;

    private ArchiveManifest(string name, string folder) => (Name, records) = (name, new ManifestRecords(folder));

    /// <summary>The manifest's file.</summary>
    public string Name { get; }

    /// <summary>The records whose entries were not found, with their lines, in the order of the lines.</summary>
    public IEnumerable<(ImportRecord Record, long Line)> Missing => records.Missing();

    /// <summary>Reads a manifest.</summary>
    /// <param name="stream">Its bytes.</param>
    /// <param name="name">One of <see cref="EntryName.Manifests"/>.</param>
    /// <param name="archiveBytes">Length of its archive.</param>
    /// <param name="folder">An existing folder on a disk with room for as much again.</param>
    /// <param name="limits">Limits of its size.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">It is not valid; the message is a sentence that names the line.</exception>
    public static async Task<ArchiveManifest> ReadAsync(
        Stream stream, string name, long archiveBytes, string folder, ImportLimits limits, CancellationToken cancellationToken)
    {
        long most = limits.LongestManifest(archiveBytes);
        var guarded = new GuardedStream(stream, most, int.MaxValue, $"{name} has more than {most:N0} bytes.");
        var manifest = new ArchiveManifest(name, folder);
        try
        {
            await manifest.ReadAsync(guarded, limits, cancellationToken);
            return manifest;
        }
        catch
        {
            manifest.Dispose();
            throw;
        }
    }

    /// <summary>What is said of an entry; null when nothing is.</summary>
    /// <param name="path">Normalized path.</param>
    public ImportRecord? Find(string path) => records.Find(path);

    /// <inheritdoc/>
    public void Dispose() => records.Dispose();

    private async Task ReadAsync(GuardedStream stream, ImportLimits limits, CancellationToken cancellationToken)
    {
        if (Name.EndsWith(".csv", StringComparison.Ordinal))
        {
            using var rows = new CsvReader(stream, limits.RowCharacters);
            IReadOnlyList<string> columns = await CsvColumns.ReadAsync(rows, Columns, ["entry"], Name, cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                string? problem = CsvColumns.Check(rows, columns);
                ImportRecord? record = problem is null ? ImportRecord.FromCsv(columns, rows.Fields, out _, out problem) : null;
                Add(record, rows.Line, problem, limits);
            }
        }
        else
        {
            var reader = new LineReader(stream, limits.RowCharacters);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (reader.IsTooLong)
                {
                    throw Wrong(reader.Number, $"It has more than {limits.RowCharacters:N0} bytes.");
                }

                if (!reader.Line.IsEmpty)
                {
                    Add(ImportRecord.FromJson(reader.Line, Members, out _, out string? problem), reader.Number, problem, limits);
                }
            }
        }

        if (records.Complete() is var (twice, number))
        {
            throw Wrong(number, $"It names the entry '{twice.Entry}' again.");
        }
    }

    private void Add(ImportRecord? record, long line, string? problem, ImportLimits limits)
    {
        problem ??= record!.Entry is null ? "It has no 'entry', the path of a picture in the archive."
            : records.Count == limits.ManifestLines ? $"A manifest has at most {limits.ManifestLines:N0} lines with an entry: cut the archive into several."
            : null;
        if (problem is not null)
        {
            throw Wrong(line, problem);
        }

        records.Add(record!, line);
    }

    private InvalidDataException Wrong(long line, string problem) => new($"{Name}, line {line:N0}: {problem}");
}
