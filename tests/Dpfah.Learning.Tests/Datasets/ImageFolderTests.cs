using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class ImageFolderTests : IDisposable
{
    private readonly PictureFolder folder = new();

    public ImageFolderTests()
    {
        folder.AddPicture("dogs/b.jpg");
        folder.AddPicture("dogs/a/z.png");
        folder.AddPicture("dogs/B.JPEG");
        folder.AddPicture("cats/my cat.jpg");
        folder.AddPicture("Zebras/1.png");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Classes_and_files_stand_in_ordinal_order()
    {
        LoadedDataset loaded = ImageFolder.Load(folder.Path);

        Assert.Equal(["Zebras", "cats", "dogs"], loaded.Dataset.ClassNames);
        Assert.Equal(
            ["Zebras/1.png", "cats/my cat.jpg", "dogs/B.JPEG", "dogs/a/z.png", "dogs/b.jpg"],
            Enumerable.Range(0, loaded.Dataset.Count).Select(loaded.Dataset.Pictures.NameOf));
        Assert.Equal([0, 1, 2, 2, 2], Enumerable.Range(0, loaded.Dataset.Count).Select(i => loaded.Dataset.LabelsOf(i).Single()));
        Assert.Empty(loaded.Warnings);
        Assert.All(Enumerable.Range(0, 5), i => Assert.Equal(8, loaded.Dataset.Pictures.Read(i).Width));
    }

    [Fact]
    public void A_picture_without_an_extension_is_known_by_its_first_bytes()
    {
        folder.AddPicture("cats/0001");
        Assert.Equal("cats/0001", ImageFolder.Load(folder.Path).Dataset.Pictures.NameOf(1));
    }

    [Fact]
    public void What_is_left_out_is_told_with_its_count()
    {
        folder.AddText("readme.txt", "text");
        folder.AddText("dogs/notes.txt", "text");
        folder.AddText("cats/empty.jpg");
        folder.AddText("cats/1.csv", "1");
        folder.AddText("cats/2.csv", "2");
        folder.AddText("cats/.hidden.jpg", "x");
        folder.AddPicture(".git/x.jpg");

        LoadedDataset loaded = ImageFolder.Load(folder.Path);

        Assert.Equal(5, loaded.Dataset.Count);
        Assert.Equal(
            [
                "1 left out, beside the class folders: readme.txt.",
                "2 left out, hidden: their names begin with a dot: .git, cats/.hidden.jpg.",
                "4 left out, of no accepted format (JPEG, PNG, GIF, BMP, WebP): cats/1.csv, cats/2.csv, cats/empty.jpg, ...",
            ],
            loaded.Warnings);
    }

    [Fact]
    public void Links_are_not_followed()
    {
        using var outside = new PictureFolder();
        outside.AddPicture("secret.jpg");
        Directory.CreateSymbolicLink(folder.File("birds"), outside.Path);
        Directory.CreateSymbolicLink(folder.File("cats/more"), outside.Path);
        File.CreateSymbolicLink(folder.File("cats/link.jpg"), outside.File("secret.jpg"));
        File.CreateSymbolicLink(folder.File("cats/dangling.jpg"), outside.File("none.jpg"));

        LoadedDataset loaded = ImageFolder.Load(folder.Path);

        Assert.Equal(5, loaded.Dataset.Count);
        Assert.Equal(3, loaded.Dataset.ClassNames.Count);
        Assert.Equal("4 left out, links: birds, cats/dangling.jpg, cats/link.jpg, ...", Assert.Single(loaded.Warnings));
    }

    [Fact]
    public void A_class_without_a_picture_is_an_error()
    {
        Directory.CreateDirectory(folder.File("birds/deeper"));

        var error = Assert.Throws<InvalidDataException>(() => ImageFolder.Load(folder.Path));

        Assert.StartsWith($"The class folder '{folder.File("birds")}' has no picture", error.Message);
    }

    [Fact]
    public void A_folder_without_subfolders_is_an_error()
    {
        using var empty = new TestFolder();
        var error = Assert.Throws<InvalidDataException>(() => ImageFolder.Load(empty.Path));
        Assert.StartsWith($"The folder '{empty.Path}' has no subfolder. Make one folder for each class", error.Message);
    }

    [Fact]
    public void Names_with_spaces_survive_the_manifest()
    {
        using var manifest = new TestFolder();
        Dataset dataset = ImageFolder.Load(folder.Path).Dataset;
        SplitManifest.Write(manifest.Path, dataset, Split.Predefined(5, [0], [1, 2], [3, 4], "by hand"));

        PictureSet pictures = SplitManifest.Open(manifest.Path, dataset).OpenTraining().Pictures;

        Assert.Equal("cats/my cat.jpg", pictures.NameOf(0));
    }
}
