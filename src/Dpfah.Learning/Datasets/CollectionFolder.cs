using Dpfah.Core.Training;

namespace Dpfah.Learning.Datasets;

/// <summary>A collection of a service, written to a folder for a training: labels and parts in one file, all previews in another.</summary>
/// <remarks>
/// The pictures are the stored previews, so a network is trained on exactly the pixels that it will hash. The split comes with the
/// folder; <see cref="CollectionSplit"/> made it. Classes are the labels in ordinal order. Where a picture has none or several, the
/// data set has several classes a picture.
/// </remarks>
public static class CollectionFolder
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "collection";

    /// <summary>What it is and where it is to be had.</summary>
    public static DatasetOrigin Origin { get; } = new(
        "A collection of the service", "A training job of the service writes it.", [CollectionItem.FileName, CollectionItem.PreviewsFileName]);

    /// <summary>Reads labels and parts; previews are read when they are wanted.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="FileNotFoundException">One of the two files is missing.</exception>
    /// <exception cref="InvalidDataException">A line is damaged, or a preview lies outside of its file; the message names file and line.</exception>
    public static LoadedDataset Load(string folder)
    {
        string path = Path.Combine(folder, CollectionItem.FileName);
        string previews = Path.Combine(folder, CollectionItem.PreviewsFileName);
        foreach (string file in new[] { path, previews })
        {
            if (!File.Exists(file))
            {
                throw Origin.Missing(file);
            }
        }

        List<CollectionItem> items = Read(path, new FileInfo(previews).Length);
        string[] classes = [.. items.SelectMany(item => item.Labels).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Dictionary<string, int> numbers = classes.Index().ToDictionary(c => c.Item, c => c.Index, StringComparer.Ordinal);
        int[][] labels = [.. items.Select(item => item.Labels.Select(label => numbers[label]).Distinct().Order().ToArray())];
        var dataset = new Dataset(Name, classes, labels.Any(l => l.Length != 1), new CollectionPreviews(previews, items), labels);
        Split split = Split.Predefined(
            items.Count,
            Of(CollectionPart.Query),
            Of(CollectionPart.Train),
            Of(CollectionPart.Database),
            "per label by the hash of the picture",
            validation: Of(CollectionPart.Validation));
        return new LoadedDataset(dataset, split, []);

        int[] Of(CollectionPart part) => [.. items.Index().Where(item => item.Item.Part == part).Select(item => item.Index)];
    }

    private static List<CollectionItem> Read(string path, long previewBytes)
    {
        var items = new List<CollectionItem>();
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                CollectionItem item = CollectionItem.FromJson(line);
                if (item.Offset + item.Length > previewBytes)
                {
                    throw new InvalidDataException($"Its preview ends at byte {item.Offset + item.Length} of {previewBytes}.");
                }

                items.Add(item);
            }
            catch (InvalidDataException error)
            {
                throw new InvalidDataException($"'{path}' line {items.Count + 1} is damaged: {error.Message}", error);
            }
        }

        return items;
    }
}
