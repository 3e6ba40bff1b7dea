namespace Dpfah.Engine.Imports.Sources;

/// <summary>What the manifest of an archive says of its entries.</summary>
/// <remarks>
/// A manifest is small and made by a program, and a picture whose line cannot be read would be indexed without its labels: so one
/// wrong line refuses the archive before anything is written.
/// </remarks>
internal sealed class ArchiveManifest
{
    private static readonly string[] Members = ["entry", "id", "labels", "metadata", "preview"];
    private static readonly string[] Columns = ["entry", "id", "labels", "metadata"];

    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);

    private ArchiveManifest(string name) => Name = name;

    /// <summary>The manifest's file.</summary>
    public string Name { get; }

    /// <summary>The records whose entries were not found, with their lines, in the order of the lines.</summary>
    public IEnumerable<(ImportRecord Record, long Line)> Missing =>
        lines.Values.Where(line => !line.IsFound).OrderBy(line => line.Number).Select(line => (line.Record, line.Number));

    /// <summary>Reads a manifest.</summary>
    /// <param name="stream">Its bytes.</param>
    /// <param name="name">One of <see cref="EntryName.Manifests"/>.</param>
    /// <param name="limits">Limits of its size.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">It is not valid; the message is a sentence that names the line.</exception>
    public static async Task<ArchiveManifest> ReadAsync(Stream stream, string name, ImportLimits limits, CancellationToken cancellationToken)
    {
        var guarded = new GuardedStream(stream, limits.ManifestBytes, int.MaxValue, $"{name} has more than {limits.ManifestBytes:N0} bytes.");
        var manifest = new ArchiveManifest(name);
        if (name.EndsWith(".csv", StringComparison.Ordinal))
        {
            using var rows = new CsvReader(guarded, limits.RowCharacters);
            IReadOnlyList<string> columns = await CsvColumns.ReadAsync(rows, Columns, ["entry"], name, cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                string? problem = CsvColumns.Check(rows, columns);
                ImportRecord? record = problem is null ? ImportRecord.FromCsv(columns, rows.Fields, out _, out problem) : null;
                manifest.Add(record, rows.Line, problem);
            }
        }
        else
        {
            var reader = new LineReader(guarded, limits.RowCharacters);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (reader.IsTooLong)
                {
                    manifest.Add(null, reader.Number, $"It has more than {limits.RowCharacters:N0} bytes.");
                }
                else if (!reader.Line.IsEmpty)
                {
                    manifest.Add(ImportRecord.FromJson(reader.Line, Members, out _, out string? problem), reader.Number, problem);
                }
            }
        }

        return manifest;
    }

    /// <summary>What is said of an entry; null when nothing is.</summary>
    /// <param name="path">Normalized path.</param>
    public ImportRecord? Find(string path)
    {
        if (!lines.TryGetValue(path, out Line? line))
        {
            return null;
        }

        line.IsFound = true;
        return line.Record;
    }

    private void Add(ImportRecord? record, long line, string? problem)
    {
        problem ??= record!.Entry is null ? "It has no 'entry', the path of a picture in the archive." : null;
        if (problem is null && !lines.TryAdd(record!.Entry!, new Line(record, line)))
        {
            problem = $"It names the entry '{record.Entry}' again.";
        }

        if (problem is not null)
        {
            throw new InvalidDataException($"{Name}, line {line:N0}: {problem}");
        }
    }

    private sealed class Line(ImportRecord record, long number)
    {
        public ImportRecord Record => record;

        public long Number => number;

        public bool IsFound { get; set; }
    }
}
