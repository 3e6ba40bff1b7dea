namespace Dpfah.Learning.Datasets;

/// <summary>
/// ImageNet-100: 100 classes of ILSVRC 2012 by the lists of HashNet (Cao et al. 2017); queries are validation pictures.
/// The usual backbone was trained on these very classes.
/// </summary>
public static class ImageNet100
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "imagenet100";

    /// <summary>Number of classes.</summary>
    public const int Classes = 100;

    /// <summary>Sizes of the published lists.</summary>
    public static SplitCounts Published { get; } = new(5_000, 13_000, 128_503);

    /// <summary>What it is and where it is to be had.</summary>
    public static DatasetOrigin Origin { get; } = new(
        "ImageNet-100",
        "Lists: https://github.com/swuxyj/DeepHash-pytorch, folder data/imagenet, or https://github.com/thuml/HashNet; pictures of ILSVRC 2012, " +
        "after registration: https://image-net.org.",
        ["train.txt", "database.txt", "test.txt", "the pictures that they name"]);

    /// <summary>Reads the lists; pictures are read when they are wanted.</summary>
    /// <inheritdoc cref="NusWide21.Load"/>
    public static LoadedDataset Load(string folder) => new ListedDataset(Name, Origin, Classes, multiLabel: false, Published).Load(folder);
}
