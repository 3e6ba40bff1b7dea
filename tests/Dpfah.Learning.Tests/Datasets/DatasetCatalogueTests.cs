using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public class DatasetCatalogueTests
{
    public static TheoryData<string> Names => [.. DatasetCatalogue.All.Select(entry => entry.Name)];

    [Fact]
    public void Seven_data_sets_are_known() =>
        Assert.Equal("fashion-mnist, fashion-mnist-multi, cifar10, nuswide21, imagenet100, folder, collection", DatasetCatalogue.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_missing_data_set_says_where_to_get_it_and_which_files_are_expected(string name)
    {
        DatasetEntry entry = DatasetCatalogue.Find(name);

        var error = Assert.Throws<DirectoryNotFoundException>(() => entry.Load("/no/such/folder"));

        Assert.StartsWith("The folder '/no/such/folder' does not exist.", error.Message);
        Assert.Contains(entry.Origin.WhereToGet, error.Message);
        Assert.All(entry.Origin.Files, file => Assert.Contains(file, error.Message));
    }

    [Theory]
    [InlineData("fashion-mnist", null, false)]
    [InlineData("fashion-mnist-multi", null, false)]
    [InlineData("cifar10", null, false)]
    [InlineData("nuswide21", 5_000, true)]
    [InlineData("imagenet100", 1_000, true)]
    public void Protocol_is_the_paper_s(string name, int? mapCut, bool cropAndFlip)
    {
        DatasetProtocol protocol = DatasetCatalogue.Find(name).Protocol;

        Assert.Equal(mapCut, protocol.MapCut);
        Assert.Equal(cropAndFlip, protocol.CropAndFlip);
        Assert.Equal(cropAndFlip, protocol.Rule.DatabaseIncludesTrain);
    }

    [Fact]
    public void Only_Fashion_MNIST_has_a_default_folder()
    {
        Assert.All(DatasetCatalogue.All, e => Assert.Equal(
            e.Name.StartsWith("fashion-mnist") ? FashionMnist.DebianFolder : null, e.DefaultFolder));
        var error = Assert.Throws<ArgumentException>(() => DatasetCatalogue.Find("cifar10").Load());
        Assert.StartsWith("Name the folder of the data set 'cifar10'.", error.Message);
    }

    [Fact]
    public void An_unknown_name_gets_the_list()
    {
        var error = Assert.Throws<ArgumentException>(() => DatasetCatalogue.Find("mnist"));
        Assert.StartsWith($"There is no data set 'mnist'; choose one of {DatasetCatalogue.Names}.", error.Message);
    }

    [Fact]
    public void Fashion_MNIST_is_loaded_in_RGB_under_the_names_of_the_sample()
    {
        using var folder = new IdxFolder();
        LoadedDataset loaded = DatasetCatalogue.Find("fashion-mnist").Load(folder.Path);

        Assert.Equal(30, loaded.Dataset.Count);
        Assert.Equal("bag/00028.png", loaded.Dataset.Pictures.NameOf(28));
        Assert.Equal(Enumerable.Repeat((byte)28, 3 * 784), loaded.Dataset.Pictures.Read(28).Pixels.ToArray());
        Assert.Null(loaded.Split);
    }

    [Fact]
    public void A_data_set_with_its_own_split_takes_no_rule()
    {
        DatasetEntry entry = DatasetCatalogue.Find("fashion-mnist");
        Dataset dataset = SolidPictures.SingleLabel(9);
        var loaded = new LoadedDataset(dataset, Split.Predefined(9, [0], [1], [2], "lists"), []);

        Assert.Same(loaded.Split, entry.MakeSplit(loaded));
        var error = Assert.Throws<InvalidDataException>(() => entry.MakeSplit(loaded, new SplitRule()));
        Assert.Contains("brings its own split (lists)", error.Message);

        var small = new SplitRule { QueriesPerClass = 1, TrainPerClass = 1 };
        Assert.Equal(3, entry.MakeSplit(new LoadedDataset(dataset, null, []), small).Query.Count);
    }
}
