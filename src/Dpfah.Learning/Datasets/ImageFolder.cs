using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>A folder of one's own pictures: one subfolder for each class.</summary>
/// <remarks>
/// Classes are the subfolders by ordinal name; a class's pictures are the files anywhere below, by ordinal relative path. So the
/// pool runs class by class, and so does database order among ties: read the tie-aware mAP beside the plain one.
/// Links are never followed, so nothing outside the folder is read.
/// </remarks>
public static class ImageFolder
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "folder";

    private const int NamesTold = 3;

    /// <summary>What it is and where it is to be had.</summary>
    public static DatasetOrigin Origin { get; } = new(
        "A folder of pictures",
        "Make one folder for each class and put its pictures there.",
        [$"CLASS/PICTURE, of the formats {ImageFormatNames.All}"]);

    /// <summary>Finds the pictures; they are read when they are wanted.</summary>
    /// <param name="folder">The folder with one subfolder for each class.</param>
    /// <returns>
    /// The data set, and as warnings what was left out: files of no accepted format (by extension and first bytes), files beside the
    /// class folders, links, and names that begin with a dot or could not stand in a list.
    /// A picture's name is its path in the folder, with slashes.
    /// </returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">There is no subfolder, or one without a picture.</exception>
    public static LoadedDataset Load(string folder)
    {
        var root = new DirectoryInfo(folder);
        if (!root.Exists)
        {
            throw Origin.MissingFolder(folder);
        }

        var leftOut = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var classes = new List<string>();
        foreach (FileSystemInfo entry in Entries(root, "", leftOut))
        {
            if (entry is DirectoryInfo)
            {
                classes.Add(entry.Name);
            }
            else
            {
                LeaveOut(leftOut, "beside the class folders", entry.Name);
            }
        }

        if (classes.Count == 0)
        {
            throw new InvalidDataException($"The folder '{folder}' has no subfolder. {Origin.WhereToGet}");
        }

        classes.Sort(StringComparer.Ordinal);
        var names = new List<string>();
        var labels = new List<int[]>();
        for (int c = 0; c < classes.Count; c++)
        {
            var found = new List<string>();
            Collect(new DirectoryInfo(Path.Combine(folder, classes[c])), classes[c] + "/", found, leftOut);
            if (found.Count == 0)
            {
                throw new InvalidDataException(
                    $"The class folder '{Path.Combine(folder, classes[c])}' has no picture ({ImageFormatNames.All}). Put some there, or remove it.");
            }

            found.Sort(StringComparer.Ordinal);
            names.AddRange(found);
            labels.AddRange(Enumerable.Repeat(new[] { c }, found.Count));
        }

        var dataset = new Dataset(Name, classes, multiLabel: false, new PictureFiles(folder, names), labels);
        return new LoadedDataset(dataset, null, [.. leftOut.Select(pair => Tell(pair.Key, pair.Value))]);
    }

    private static void Collect(DirectoryInfo folder, string prefix, List<string> found, SortedDictionary<string, List<string>> leftOut)
    {
        foreach (FileSystemInfo entry in Entries(folder, prefix, leftOut))
        {
            if (entry is DirectoryInfo below)
            {
                Collect(below, $"{prefix}{entry.Name}/", found, leftOut);
            }
            else if (PictureFile.IsPicture((FileInfo)entry))
            {
                found.Add(prefix + entry.Name);
            }
            else
            {
                LeaveOut(leftOut, $"of no accepted format ({ImageFormatNames.All})", prefix + entry.Name);
            }
        }
    }

    /// <summary>What is in a folder, without links and unsuitable names.</summary>
    private static IEnumerable<FileSystemInfo> Entries(DirectoryInfo folder, string prefix, SortedDictionary<string, List<string>> leftOut)
    {
        var all = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos("*", all).OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            string? reason = entry.LinkTarget is not null ? "links"
                : entry.Name.StartsWith('.') ? "hidden: their names begin with a dot"
                : entry.Name.Any(char.IsControl) || entry.Name.Trim() != entry.Name ? "of a name with a control character, or a space at an end"
                : null;
            if (reason is null)
            {
                yield return entry;
            }
            else
            {
                LeaveOut(leftOut, reason, prefix + entry.Name);
            }
        }
    }

    private static void LeaveOut(SortedDictionary<string, List<string>> leftOut, string reason, string name)
    {
        if (!leftOut.TryGetValue(reason, out List<string>? names))
        {
            leftOut.Add(reason, names = []);
        }

        names.Add(name);
    }

    private static string Tell(string reason, List<string> names) =>
        $"{names.Count} left out, {reason}: {string.Join(", ", names.Take(NamesTold))}{(names.Count > NamesTold ? ", ..." : ".")}";
}
