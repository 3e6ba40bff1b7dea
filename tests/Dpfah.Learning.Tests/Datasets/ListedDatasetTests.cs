using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Tests.Imaging;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class ListedDatasetTests : IDisposable
{
    private readonly PictureFolder folder = new();

    public ListedDatasetTests()
    {
        for (byte i = 0; i < 6; i++)
        {
            folder.AddPicture(Name(i), i);
        }

        folder.AddText("train.txt", Line(Name(2), 0, 20), Line(Name(0), 1));
        folder.AddText("database.txt", Line(Name(0), 1), Line(Name(1), 3), Line(Name(2), 0, 20), Line(Name(3), 4));
        folder.AddText("test.txt", Line(Name(5), 0), Line(Name(4), 20));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Lists_become_a_pool_in_database_order_and_its_split()
    {
        LoadedDataset loaded = NusWide21.Load(folder.Path);

        Dataset pool = loaded.Dataset;
        Assert.Equal("nuswide21", pool.Name);
        Assert.True(pool.MultiLabel);
        Assert.Equal([Name(0), Name(1), Name(2), Name(3), Name(5), Name(4)], Enumerable.Range(0, 6).Select(pool.Pictures.NameOf));
        Assert.Equal([0, 20], pool.LabelsOf(2));
        Assert.Equal([0, 1, 2, 3], loaded.Split!.Database);
        Assert.Equal([0, 2], loaded.Split.Train);
        Assert.Equal([4, 5], loaded.Split.Query);
        Assert.Null(loaded.Split.Seed);
        Assert.Equal(
            "The lists hold 2 queries, 2 training and 4 database pictures; the published ones 2100 queries, 10500 training and 193734 " +
            "database pictures. Figures cannot be compared with published ones.",
            Assert.Single(loaded.Warnings));
    }

    [Fact]
    public void Pictures_are_read_from_their_files()
    {
        Dataset pool = NusWide21.Load(folder.Path).Dataset;

        for (int i = 0; i < pool.Count; i++)
        {
            byte[] file = File.ReadAllBytes(folder.File(pool.Pictures.NameOf(i)));
            Assert.Equal(TestPicture.Decode(file, ImageDecoders.Skia).Pixels.ToArray(), pool.Pictures.Read(i).Pixels.ToArray());
        }
    }

    [Fact]
    public void A_picture_that_is_none_is_named_when_it_is_read()
    {
        File.WriteAllText(folder.File(Name(0)), "no picture");
        Dataset pool = NusWide21.Load(folder.Path).Dataset;

        var error = Assert.Throws<InvalidDataException>(() => pool.Pictures.Read(0));

        Assert.StartsWith($"The picture '{folder.File(Name(0))}' cannot be read: It is no picture of an accepted format (JPEG,", error.Message);
    }

    [Fact]
    public void A_picture_of_too_many_pixels_is_refused_before_it_is_decoded()
    {
        File.WriteAllBytes(folder.File(Name(1)), TestPicture.Png(8_000, 5_001, []));

        var error = Assert.Throws<InvalidDataException>(() => NusWide21.Load(folder.Path).Dataset.Pictures.Read(1));

        Assert.Contains("declares 8000 x 5001 pixels; at most 40 megapixels are accepted", error.Message);
    }

    [Fact]
    public void A_picture_is_turned_upright_and_lies_on_white()
    {
        byte[] png = FixturePicture.Read("alpha.png");
        byte[] turned = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        const int headerEnd = 8 + 25;
        File.WriteAllBytes(folder.File(Name(1)), [.. png[..headerEnd], .. TestPicture.PngChunk("eXIf"u8, turned), .. png[headerEnd..]]);
        RgbImage stored = TestPicture.Decode(png, ImageDecoders.Skia);

        RgbImage picture = NusWide21.Load(folder.Path).Dataset.Pictures.Read(1);

        // Orientation 6: the first stored row is the right side.
        Assert.Equal((stored.Height, stored.Width), (picture.Width, picture.Height));
        Assert.Equal(stored.Pixels[..3].ToArray(), picture.Pixels.Slice(3 * (picture.Width - 1), 3).ToArray());
        Assert.Equal(stored.Pixels[^3..].ToArray(), picture.Pixels.Slice(3 * picture.Width * (picture.Height - 1), 3).ToArray());
    }

    [Theory]
    [InlineData("train.txt")]
    [InlineData("database.txt")]
    [InlineData("test.txt")]
    public void A_missing_list_is_named_with_the_way_to_get_it(string list)
    {
        File.Delete(folder.File(list));

        var error = Assert.Throws<FileNotFoundException>(() => NusWide21.Load(folder.Path));

        Assert.StartsWith($"'{folder.File(list)}' is missing", error.Message);
        Assert.Contains("https://github.com/swuxyj/DeepHash-pytorch", error.Message);
        Assert.Equal(list == "database.txt", error.Message.Contains("because of its size"));
    }

    [Fact]
    public void A_line_with_another_number_of_columns_is_named() =>
        AssertRefused("test.txt", [Line(Name(5), 0), $"{Name(4)} 0 1 0"], "line 2 has 3 columns after the path, expected 21");

    [Fact]
    public void A_path_with_a_space_is_refused() =>
        AssertRefused("test.txt", [Line("images/a b.jpg", 0)], "line 1 has 22 columns after the path, expected 21");

    [Fact]
    public void A_value_that_is_neither_0_nor_1_is_named() =>
        AssertRefused("train.txt", [Line(Name(0), 1), Line(Name(2), 0)[..^1] + "2"], "line 2 has '2' in column 21 after the path, expected 0 or 1");

    [Fact]
    public void An_empty_line_is_named() => AssertRefused("train.txt", [Line(Name(0), 1), "", Line(Name(2), 0, 20)], "line 2 is empty");

    [Fact]
    public void Two_spaces_are_refused() =>
        AssertRefused("train.txt", [Line(Name(0), 1).Replace(" 1", "  1")], "line 1 separates its columns by more than one space");

    [Fact]
    public void A_picture_without_a_class_is_named() => AssertRefused("train.txt", [Line(Name(0))], $"line 1 gives '{Name(0)}' no class");

    [Fact]
    public void A_missing_picture_is_named() =>
        AssertRefused("test.txt", [Line(Name(5), 0), Line("images/none.jpg", 0)], "line 2 names the picture 'images/none.jpg', which is missing");

    [Theory]
    [InlineData("../secret.jpg")]
    [InlineData("images/../../secret.jpg")]
    [InlineData("/etc/passwd")]
    public void A_path_that_leaves_the_folder_is_refused(string path) =>
        AssertRefused("test.txt", [Line(path, 0)], $"line 1 names '{path}', which leaves the folder");

    [Fact]
    public void A_picture_named_twice_is_refused() =>
        AssertRefused("database.txt", [Line(Name(1), 3), Line(Name(1), 3)], $"line 2 names '{Name(1)}' again");

    [Fact]
    public void A_query_in_the_database_is_refused() =>
        AssertRefused("test.txt", [Line(Name(5), 0), Line(Name(3), 4)], $"line 2 names '{Name(3)}', which stands in database.txt or train.txt too");

    [Fact]
    public void Lists_that_disagree_about_a_picture_are_refused() =>
        AssertRefused("train.txt", [Line(Name(0), 2)], "the classes 2, but another list says 1");

    [Fact]
    public void An_empty_list_is_refused() => AssertRefused("test.txt", [], "names no picture");

    [Fact]
    public void Classes_are_numbered_unless_a_file_names_them()
    {
        Assert.Equal("class-020", NusWide21.Load(folder.Path).Dataset.ClassNames[20]);

        folder.AddText("classes.txt", [.. Enumerable.Range(0, 21).Select(c => $"concept {c}")]);
        Assert.Equal("concept 20", NusWide21.Load(folder.Path).Dataset.ClassNames[20]);

        AssertRefused("classes.txt", ["sky", "clouds"], "has 2 lines, expected 21 different names");
    }

    [Fact]
    public void One_list_of_all_pictures_is_left_to_be_split()
    {
        foreach (string list in new[] { "train.txt", "database.txt", "test.txt" })
        {
            File.Delete(folder.File(list));
        }

        folder.AddText("all.txt", [.. Enumerable.Range(0, 6).Select(i => Line(Name(i), i, 20))]);

        LoadedDataset loaded = NusWide21.Load(folder.Path);

        Assert.Equal(6, loaded.Dataset.Count);
        Assert.Null(loaded.Split);
        Assert.Empty(loaded.Warnings);
    }

    [Fact]
    public void ImageNet_has_100_columns_and_one_class_a_picture()
    {
        folder.AddText("train.txt", Line(100, Name(0), 99));
        folder.AddText("database.txt", Line(100, Name(0), 99), Line(100, Name(1), 0));
        folder.AddText("test.txt", Line(100, Name(2), 50));

        LoadedDataset loaded = ImageNet100.Load(folder.Path);

        Assert.False(loaded.Dataset.MultiLabel);
        Assert.Equal(100, loaded.Dataset.ClassNames.Count);
        Assert.Equal([99, 0, 50], Enumerable.Range(0, 3).Select(i => loaded.Dataset.LabelsOf(i).Single()));

        folder.AddText("test.txt", Line(100, Name(2), 50, 51));
        var error = Assert.Throws<InvalidDataException>(() => ImageNet100.Load(folder.Path));
        Assert.Contains($"line 1 gives '{Name(2)}' 2 classes; a picture of ImageNet-100 has one", error.Message);
    }

    private void AssertRefused(string file, string[] lines, string detail)
    {
        folder.AddText(file, lines);

        var error = Assert.Throws<InvalidDataException>(() => NusWide21.Load(folder.Path));

        Assert.StartsWith($"'{folder.File(file)}' ", error.Message);
        Assert.Contains(detail, error.Message);
    }

    private static string Name(int index) => index % 2 == 0 ? $"images/{index}.jpg" : $"images/deeper/{index}.png";

    private static string Line(string name, params int[] labels) => Line(21, name, labels);

    private static string Line(int classes, string name, params int[] labels) =>
        string.Join(' ', [name, .. Enumerable.Range(0, classes).Select(c => labels.Contains(c) ? "1" : "0")]);
}
