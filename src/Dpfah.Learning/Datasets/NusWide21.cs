namespace Dpfah.Learning.Datasets;

/// <summary>
/// NUS-WIDE-21: the 195,834 pictures of NUS-WIDE (Chua et al. 2009) that show one of its 21 most frequent concepts, several labels a picture.
/// </summary>
public static class NusWide21
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "nuswide21";

    /// <summary>Number of classes.</summary>
    public const int Classes = 21;

    /// <summary>Sizes of the published lists.</summary>
    public static SplitCounts Published { get; } = new(2_100, 10_500, 193_734);

    /// <summary>What it is and where it is to be had.</summary>
    public static DatasetOrigin Origin { get; } = new(
        "NUS-WIDE-21",
        "Lists: https://github.com/swuxyj/DeepHash-pytorch, folder data/nuswide_21 (not nuswide_21_m, which is another set); pictures: see " +
        "there and https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html. Who has one list of all pictures " +
        "names it all.txt, alone: it is then split anew.",
        ["train.txt", "database.txt", "test.txt", "the pictures that they name"]);

    /// <summary>Reads the lists; pictures are read when they are wanted.</summary>
    /// <param name="folder">Folder of the lists, to which the paths in them are relative.</param>
    /// <returns>The data set with its published split, or without one when there is only <c>all.txt</c>.</returns>
    /// <exception cref="FileNotFoundException">A list is missing; the message says which, and where to get it.</exception>
    /// <exception cref="InvalidDataException">A list is wrong or a picture missing; the message names file and line.</exception>
    public static LoadedDataset Load(string folder) => new ListedDataset(Name, Origin, Classes, multiLabel: true, Published).Load(folder);
}
