namespace Dpfah.Learning.Datasets;

/// <summary>
/// A data set of picture files beside the lists <c>train.txt</c>, <c>database.txt</c> and <c>test.txt</c> of published deep-hashing
/// code (method, section 8), or one list <c>all.txt</c> that is yet to be split.
/// </summary>
/// <remarks>
/// Pool: the pictures of <c>database.txt</c> in its order, then those of <c>train.txt</c> and <c>test.txt</c> that are not among them.
/// A picture's name is its path. An optional <c>classes.txt</c> names the classes, one a line; without it they are numbered.
/// </remarks>
internal sealed class ListedDataset(string name, DatasetOrigin origin, int classes, bool multiLabel, SplitCounts published)
{
    private const string TrainFile = "train.txt";
    private const string DatabaseFile = "database.txt";
    private const string QueryFile = "test.txt";
    private const string PoolFile = "all.txt";
    private const string ClassesFile = "classes.txt";

    private readonly List<string> names = [];
    private readonly List<int[]> labels = [];
    private readonly Dictionary<string, int> indices = new(StringComparer.Ordinal);

    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is wrong; the message names file and line.</exception>
    public LoadedDataset Load(string folder)
    {
        string pool = Path.Combine(folder, PoolFile);
        if (File.Exists(pool) && !new[] { TrainFile, DatabaseFile, QueryFile }.Any(file => File.Exists(Path.Combine(folder, file))))
        {
            Read(folder, PoolFile);
            return new LoadedDataset(Make(folder), null, []);
        }

        List<int> database = Read(folder, DatabaseFile);
        List<int> train = Read(folder, TrainFile);
        int beforeQueries = names.Count;
        List<int> query = Read(folder, QueryFile);
        int shared = query.FindIndex(index => index < beforeQueries);
        if (shared >= 0)
        {
            throw new InvalidDataException(
                $"'{Path.Combine(folder, QueryFile)}' line {shared + 1} names '{names[query[shared]]}', which stands in {DatabaseFile} or " +
                $"{TrainFile} too; a query must be in neither.");
        }

        Split split = Split.Predefined(names.Count, query, train, database, $"lists {TrainFile}, {DatabaseFile} and {QueryFile}");
        return new LoadedDataset(Make(folder), split, Compare(new SplitCounts(query.Count, train.Count, database.Count)));
    }

    private List<string> Compare(SplitCounts counts) => counts == published
        ? []
        : [$"The lists hold {counts}; the published ones {published}. Figures cannot be compared with published ones."];

    private Dataset Make(string folder) => new(name, ReadClassNames(folder), multiLabel, new PictureFiles(folder, names), labels);

    private List<int> Read(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            throw origin.Missing(path, file == DatabaseFile ? ": published copies often leave this list out because of its size" : "");
        }

        List<ListLine> lines = ListFile.Read(path, classes);
        if (lines.Count == 0)
        {
            throw new InvalidDataException($"'{path}' names no picture. Get it anew.");
        }

        var part = new List<int>(lines.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (ListLine line in lines)
        {
            if (!seen.Add(line.Name))
            {
                throw new InvalidDataException($"'{path}' line {line.Number} names '{line.Name}' again; remove one of the lines.");
            }

            part.Add(Add(folder, path, line));
        }

        return part;
    }

    private int Add(string folder, string path, ListLine line)
    {
        if (!multiLabel && line.Labels.Length != 1)
        {
            throw new InvalidDataException(
                $"'{path}' line {line.Number} gives '{line.Name}' {line.Labels.Length} classes; a picture of {origin.Title} has one.");
        }

        if (indices.TryGetValue(line.Name, out int index))
        {
            return labels[index].AsSpan().SequenceEqual(line.Labels)
                ? index
                : throw new InvalidDataException(
                    $"'{path}' line {line.Number} gives '{line.Name}' the classes {string.Join(", ", line.Labels)}, but another list says " +
                    $"{string.Join(", ", labels[index])} (numbers from 0). Take all lists from one source.");
        }

        if (Path.IsPathRooted(line.Name) || line.Name.Split('/', '\\').Contains(".."))
        {
            throw new InvalidDataException(
                $"'{path}' line {line.Number} names '{line.Name}', which leaves the folder; paths are relative to '{folder}', without '..'.");
        }

        if (!File.Exists(Path.Combine(folder, line.Name)))
        {
            throw new InvalidDataException(
                $"'{path}' line {line.Number} names the picture '{line.Name}', which is missing in '{folder}'. Put it there, or remove the line.");
        }

        indices.Add(line.Name, names.Count);
        names.Add(line.Name);
        labels.Add(line.Labels);
        return names.Count - 1;
    }

    private string[] ReadClassNames(string folder)
    {
        string path = Path.Combine(folder, ClassesFile);
        if (!File.Exists(path))
        {
            return [.. Enumerable.Range(0, classes).Select(c => $"class-{c:000}")];
        }

        string[] lines = [.. File.ReadAllLines(path).Select(line => line.Trim())];
        if (lines.Length != classes || lines.Contains("") || lines.Distinct(StringComparer.Ordinal).Count() != classes)
        {
            throw new InvalidDataException($"'{path}' has {lines.Length} lines, expected {classes} different names, one a line.");
        }

        return lines;
    }
}
