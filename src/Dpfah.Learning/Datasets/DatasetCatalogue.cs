namespace Dpfah.Learning.Datasets;

/// <summary>The data sets that this program knows, by name.</summary>
public static class DatasetCatalogue
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<DatasetEntry> All { get; } =
    [
        new(
            FashionMnist.Name,
            FashionMnist.Origin,
            new DatasetProtocol(new SplitRule(), new SplitCounts(1_000, 5_000, 64_000), MapCut: null, CropAndFlip: false),
            folder => new LoadedDataset(FashionMnist.Load(folder).ToDataset(), null, []),
            FashionMnist.DebianFolder),
        new(
            FashionMnistMulti.Name,
            FashionMnist.Origin,
            new DatasetProtocol(new SplitRule(), FashionMnistMulti.Sizes, MapCut: null, CropAndFlip: false),
            folder => FashionMnistMulti.Load(folder),
            FashionMnist.DebianFolder),
        new(
            Cifar10.Name,
            Cifar10.Origin,
            new DatasetProtocol(new SplitRule(), new SplitCounts(1_000, 5_000, 54_000), MapCut: null, CropAndFlip: false),
            folder => new LoadedDataset(Cifar10.Load(folder), null, [])),
        new(
            NusWide21.Name,
            NusWide21.Origin,
            new DatasetProtocol(new SplitRule { DatabaseIncludesTrain = true }, NusWide21.Published, MapCut: 5_000, CropAndFlip: true),
            NusWide21.Load),
        new(
            ImageNet100.Name,
            ImageNet100.Origin,
            new DatasetProtocol(
                new SplitRule { QueriesPerClass = 50, TrainPerClass = 130, DatabaseIncludesTrain = true },
                ImageNet100.Published,
                MapCut: 1_000,
                CropAndFlip: true),
            ImageNet100.Load),
        new(
            ImageFolder.Name,
            ImageFolder.Origin,
            new DatasetProtocol(new SplitRule(), Counts: null, MapCut: null, CropAndFlip: true),
            ImageFolder.Load),
        new(
            CollectionFolder.Name,
            CollectionFolder.Origin,
            new DatasetProtocol(new SplitRule(), Counts: null, MapCut: null, CropAndFlip: false),
            CollectionFolder.Load),
    ];

    /// <summary>Their names, for a sentence.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(entry => entry.Name));

    /// <summary>Finds a data set.</summary>
    /// <param name="name">Its name, in lower case.</param>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those there are.</exception>
    public static DatasetEntry Find(string name) =>
        All.FirstOrDefault(entry => entry.Name == name)
        ?? throw new ArgumentException($"There is no data set '{name}'; choose one of {Names}.", nameof(name));
}
