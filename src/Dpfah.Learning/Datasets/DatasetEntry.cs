namespace Dpfah.Learning.Datasets;

/// <summary>A data set that this program knows.</summary>
public sealed class DatasetEntry
{
    private readonly Func<string, LoadedDataset> load;

    internal DatasetEntry(
        string name, DatasetOrigin origin, DatasetProtocol protocol, Func<string, LoadedDataset> load, string? defaultFolder = null)
    {
        Name = name;
        Origin = origin;
        Protocol = protocol;
        DefaultFolder = defaultFolder;
        this.load = load;
    }

    /// <summary>Name on the command line and in reports.</summary>
    public string Name { get; }

    /// <summary>Name in a sentence, without the form of its files, such as <c>CIFAR-10</c>.</summary>
    public string Title => Origin.Title.Split(" (")[0];

    /// <summary>What it is, where it is to be had, and its files.</summary>
    public DatasetOrigin Origin { get; }

    /// <summary>How it is used by default.</summary>
    public DatasetProtocol Protocol { get; }

    /// <summary>Where it is looked for when no folder is named; null when one must be.</summary>
    public string? DefaultFolder { get; }

    /// <summary>Loads the data set.</summary>
    /// <param name="folder">Its folder; null for <see cref="DefaultFolder"/>.</param>
    /// <exception cref="ArgumentException">No folder is named and there is no default.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist; the message says where to get the data set.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message says which, and where to get it.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or wrong; the message says which and where.</exception>
    public LoadedDataset Load(string? folder = null)
    {
        folder ??= DefaultFolder ?? throw new ArgumentException(
            $"Name the folder of the data set '{Name}'. {Origin.Title} is these files: {string.Join(", ", Origin.Files)}. {Origin.WhereToGet}",
            nameof(folder));
        return Directory.Exists(folder) ? load(folder) : throw Origin.MissingFolder(folder);
    }

    /// <summary>Loads the data set and writes its split, or checks that the split is there as it should be.</summary>
    /// <param name="folder">Folder of the split.</param>
    /// <param name="data">Folder of the data set; null for <see cref="DefaultFolder"/>.</param>
    /// <param name="rule">How to split; null for the rule of <see cref="Protocol"/>.</param>
    /// <exception cref="InvalidDataException">The data set is damaged, or the folder holds another split.</exception>
    /// <exception cref="IOException">The data set is missing; the message says where to get it.</exception>
    /// <exception cref="ArgumentException">The folder of the data set must be named.</exception>
    public SplitManifest OpenSplit(string folder, string? data, SplitRule? rule)
    {
        LoadedDataset loaded = Load(data);
        Split split = MakeSplit(loaded, rule);
        try
        {
            return SplitManifest.Write(folder, loaded.Dataset, split, warnings: loaded.Warnings);
        }
        catch (InvalidDataException error) when (loaded.Warnings.Count > 0)
        {
            // A picture that became unreadable is left out, and so the split is another.
            throw new InvalidDataException($"{error.Message} Of the data set: {string.Join(" ", loaded.Warnings)}", error);
        }
    }

    /// <summary>The split that comes with the loaded data set, or one made by a rule.</summary>
    /// <param name="loaded">What <see cref="Load"/> returned.</param>
    /// <param name="rule">The rule; null for that of <see cref="Protocol"/>. Must be null when the data set brings its own split.</param>
    /// <exception cref="InvalidDataException">A rule was given but the data set has its own split, or a class has too few pictures.</exception>
    public Split MakeSplit(LoadedDataset loaded, SplitRule? rule = null)
    {
        if (loaded.Split is null)
        {
            return Split.Make(loaded.Dataset, rule ?? Protocol.Rule);
        }

        return rule is null
            ? loaded.Split
            : throw new InvalidDataException(
                $"The data set '{Name}' brings its own split ({loaded.Split.Protocol}); give neither counts nor a seed for it.");
    }
}
