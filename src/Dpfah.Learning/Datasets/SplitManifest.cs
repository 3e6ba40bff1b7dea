using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dpfah.Learning.Models;

namespace Dpfah.Learning.Datasets;

/// <summary>
/// A split on disk: the lists <c>train.txt</c>, <c>query.txt</c> and <c>database.txt</c> (a line: <c>name 0 1 0 … 0</c>, one column a class) and
/// <c>split.json</c> with their digests. Every method and code length reads the same manifest.
/// </summary>
/// <remarks>
/// A list is read, and checked, only when its part is opened: training never touches the queries. Each opening of the queries is
/// written down in <c>query-reads.log</c>. Digests cover names and labels, not the pixels of picture files.
/// </remarks>
public sealed class SplitManifest
{
    /// <summary>Name of the file that describes the split.</summary>
    public const string DescriptionFile = "split.json";

    /// <summary>Name of the list of training pictures.</summary>
    public const string TrainFile = "train.txt";

    /// <summary>Name of the list of queries.</summary>
    public const string QueryFile = "query.txt";

    /// <summary>Name of the list of database pictures.</summary>
    public const string DatabaseFile = "database.txt";

    /// <summary>Name of the list of pictures to measure on during a training; it is there only where the split has such a part.</summary>
    public const string ValidationFile = "validation.txt";

    /// <summary>Name of the file with one line for each opening of the queries.</summary>
    public const string QueryLogFile = "query-reads.log";

    internal const string Remedy = "A split is never edited: restore the file, or write the split anew into an empty folder.";

    private readonly SplitDescription description;
    private readonly TimeProvider clock;
    private readonly Lazy<Dictionary<string, int>> indices;

    private SplitManifest(string folder, Dataset dataset, SplitDescription description, TimeProvider clock, IReadOnlyList<string>? warnings = null)
    {
        Folder = folder;
        Dataset = dataset;
        this.description = description;
        this.clock = clock;
        Warnings = warnings ?? [];
        indices = new Lazy<Dictionary<string, int>>(() => IndexNames(dataset));
    }

    /// <summary>Where the files are.</summary>
    public string Folder { get; }

    /// <summary>The data set that was split.</summary>
    public Dataset Dataset { get; }

    /// <summary>SHA-256 over the whole description and with it the lists, in lower-case hex; equal for equal splits on every machine.</summary>
    public string Digest => description.Digest;

    /// <summary>How the split came about, in words.</summary>
    public string Protocol => description.Protocol;

    /// <summary>The seed it was drawn with; null when it was published as lists.</summary>
    public ulong? Seed => description.Seed is null ? null : ulong.Parse(description.Seed, CultureInfo.InvariantCulture);

    /// <summary>Sizes of the parts.</summary>
    public SplitCounts Counts => new(description.Query.Count, description.Train.Count, description.Database.Count);

    /// <summary>What the loader of the data set told, as sentences: files left out, counts that differ from the published ones.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>How often the queries were opened, ever, in this folder.</summary>
    public int QueryReads => QueryLog.Count(Path.Combine(Folder, QueryLogFile));

    /// <summary>Writes a split; the same bytes on every run. Files that are there already must be those of this split.</summary>
    /// <param name="folder">Where; made when it is missing.</param>
    /// <param name="dataset">The data set.</param>
    /// <param name="split">Its split.</param>
    /// <param name="clock">Time of the log; null for the system's.</param>
    /// <param name="warnings">What the loader of the data set told.</param>
    /// <exception cref="InvalidDataException">The folder holds another split, or two pictures have one name.</exception>
    public static SplitManifest Write(string folder, Dataset dataset, Split split, TimeProvider? clock = null, IReadOnlyList<string>? warnings = null)
    {
        IndexNames(dataset);
        byte[] train = Format(dataset, split.Train);
        byte[] query = Format(dataset, split.Query);
        byte[] database = Format(dataset, split.Database);
        byte[]? validation = split.Validation.Count == 0 ? null : Format(dataset, split.Validation);
        SplitDescription description = new SplitDescription(
            SplitDescription.CurrentFormat,
            dataset.Name,
            dataset.Count,
            dataset.ClassNames,
            split.Protocol,
            split.Seed?.ToString(CultureInfo.InvariantCulture),
            SplitDescription.List.Of(split.Train.Count, train),
            SplitDescription.List.Of(split.Query.Count, query),
            SplitDescription.List.Of(split.Database.Count, database),
            Digest: "",
            validation is null ? null : SplitDescription.List.Of(split.Validation.Count, validation)).Sealed();

        // The description last: with it the split is complete.
        (string Name, byte[] Bytes)[] files =
        [
            (TrainFile, train),
            (QueryFile, query),
            (DatabaseFile, database),
            .. validation is null ? [] : new (string, byte[])[] { (ValidationFile, validation) },
            (DescriptionFile, description.ToBytes()),
        ];
        Directory.CreateDirectory(folder);
        (string Name, byte[] Bytes)[] missing = [.. files.Where(file => !Holds(folder, file.Name, file.Bytes))];
        foreach ((string name, byte[] bytes) in missing)
        {
            AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));
        }

        return new SplitManifest(folder, dataset, description, clock ?? TimeProvider.System, warnings);
    }

    /// <summary>Opens a split that was written before; reads its description only.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="dataset">The data set that was split.</param>
    /// <param name="clock">Time of the log; null for the system's.</param>
    /// <exception cref="FileNotFoundException">There is no split.</exception>
    /// <exception cref="InvalidDataException">The description was edited, or is that of another data set.</exception>
    public static SplitManifest Open(string folder, Dataset dataset, TimeProvider? clock = null)
    {
        string path = Path.Combine(folder, DescriptionFile);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"'{path}' is missing: '{folder}' holds no split. Write one there first.", path);
        }

        SplitDescription description = SplitDescription.Read(path);
        if (description.Dataset != dataset.Name || description.Pictures != dataset.Count || !description.Classes.SequenceEqual(dataset.ClassNames))
        {
            throw new InvalidDataException(
                $"'{path}' splits the data set '{description.Dataset}' of {description.Pictures} pictures in {description.Classes.Count} classes; " +
                $"given is '{dataset.Name}' of {dataset.Count} pictures in {dataset.ClassNames.Count} classes. Give the same data set.");
        }

        return new SplitManifest(folder, dataset, description, clock ?? TimeProvider.System);
    }

    /// <summary>Opens the training pictures. Reads <c>train.txt</c> only, and through the result no other picture can be reached.</summary>
    /// <exception cref="InvalidDataException">The list was edited or is missing.</exception>
    public TrainingPictures OpenTraining()
    {
        Dataset training = Dataset.Restrict(ReadList(TrainFile, description.Train));
        PictureSet? validation = description.Validation is { } list ? All(Dataset.Restrict(ReadList(ValidationFile, list))) : null;
        return new TrainingPictures(All(training), Digest, validation);

        static PictureSet All(Dataset part) => new(part, [.. Enumerable.Range(0, part.Count)]);
    }

    /// <summary>Opens the database pictures, in database order.</summary>
    /// <exception cref="InvalidDataException">The list was edited or is missing.</exception>
    public PictureSet OpenDatabase() => new(Dataset, ReadList(DatabaseFile, description.Database));

    /// <summary>Opens the queries, after a line in the log that says when and why.</summary>
    /// <param name="purpose">Why, on one line, such as <c>evaluate dpfah-fashion-mnist-64</c>.</param>
    /// <exception cref="ArgumentException">The purpose is empty or has a line break.</exception>
    /// <exception cref="InvalidDataException">The list was edited or is missing; nothing is written down then.</exception>
    /// <exception cref="IOException">The log cannot be written; the queries stay closed then.</exception>
    public PictureSet OpenQueries(string purpose)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(purpose);
        if (purpose.Any(char.IsControl))
        {
            throw new ArgumentException("The purpose of opening the queries is one line of text.", nameof(purpose));
        }

        var queries = new PictureSet(Dataset, ReadList(QueryFile, description.Query));
        QueryLog.Append(Path.Combine(Folder, QueryLogFile), clock.GetUtcNow(), purpose);
        return queries;
    }

    private static byte[] Format(Dataset dataset, IReadOnlyList<int> part)
    {
        var text = new StringBuilder();
        foreach (int index in part)
        {
            text.Append(ListFile.Format(dataset.Pictures.NameOf(index), dataset.LabelsOf(index), dataset.ClassNames.Count)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static bool Holds(string folder, string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            return false;
        }

        return File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes)
            ? true
            : throw new InvalidDataException(
                $"'{path}' is there already and belongs to another split. Choose another folder, or remove that split first.");
    }

    private static Dictionary<string, int> IndexNames(Dataset dataset)
    {
        var indices = new Dictionary<string, int>(dataset.Count, StringComparer.Ordinal);
        for (int i = 0; i < dataset.Count; i++)
        {
            string name = dataset.Pictures.NameOf(i);
            if (name.AsSpan().IndexOfAny('\n', '\r') >= 0 || !indices.TryAdd(name, i))
            {
                throw new InvalidDataException(
                    $"Picture {i} of '{dataset.Name}' is called '{name}'; a name has no line break and stands for one picture only.");
            }
        }

        return indices;
    }

    private List<int> ReadList(string name, SplitDescription.List expected)
    {
        string path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"'{path}' is missing. {Remedy}");
        }

        byte[] bytes = File.ReadAllBytes(path);
        string digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (digest != expected.Sha256)
        {
            throw new InvalidDataException(
                $"'{path}' was edited: its SHA-256 is {digest}, expected {expected.Sha256} by {DescriptionFile}. {Remedy}");
        }

        var part = new List<int>(expected.Count);
        using var reader = new StreamReader(new MemoryStream(bytes), Encoding.UTF8);
        while (reader.ReadLine() is { } text)
        {
            ListLine line = ListFile.Parse(path, part.Count + 1, text, Dataset.ClassNames.Count);
            if (!indices.Value.TryGetValue(line.Name, out int index) || !Dataset.LabelsOf(index).SequenceEqual(line.Labels))
            {
                throw new InvalidDataException(
                    $"'{path}' line {line.Number} names '{line.Name}', which the data set '{Dataset.Name}' has not, or with other labels. " +
                    "Give the data set that was split.");
            }

            part.Add(index);
        }

        return part;
    }
}
