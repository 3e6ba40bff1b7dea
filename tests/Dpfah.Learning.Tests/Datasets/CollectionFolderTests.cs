using Dpfah.Core.Training;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Tests.Encoders;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class CollectionFolderTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_picture_has_the_very_input_that_its_preview_gets_in_the_service()
    {
        byte[][] previews = Previews.OfSample(12);
        Write(previews, _ => ["a"]);
        Dataset dataset = CollectionFolder.Load(folder.Path).Dataset;
        var input = new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), FirstModel.Preprocessing);
        (var ofService, var ofTraining) = (new float[input.Length], new float[input.Length]);

        for (int i = 0; i < previews.Length; i++)
        {
            input.Write(previews[i], ofService);
            input.Write(dataset.Pictures.Read(i), ofTraining);
            Assert.Equal(ofService, ofTraining);
        }
    }

    [Fact]
    public void Labels_are_classes_and_the_split_comes_with_the_folder()
    {
        CollectionPart[] parts = [CollectionPart.Train, CollectionPart.Query, CollectionPart.Database, CollectionPart.Validation];
        string[][] labels = [["shoe", "red"], [], ["red"], ["coat"]];
        Write(Previews.OfSample(8), i => labels[i % 4], i => parts[i % 4]);

        LoadedDataset loaded = CollectionFolder.Load(folder.Path);

        Assert.Equal(["coat", "red", "shoe"], loaded.Dataset.ClassNames);
        Assert.True(loaded.Dataset.MultiLabel);
        Assert.Equal([1, 2], loaded.Dataset.LabelsOf(0));
        Assert.Empty(loaded.Dataset.LabelsOf(1));
        Assert.Equal("picture 3 ", loaded.Dataset.Pictures.NameOf(3));
        SplitManifest manifest = SplitManifest.Write(folder.File("split"), loaded.Dataset, loaded.Split!);
        TrainingPictures training = manifest.OpenTraining();
        Assert.Equal(["picture 0 ", "picture 4 "], Names(training.Pictures));
        Assert.Equal(["picture 3 ", "picture 7 "], Names(training.Validation!));
        Assert.Equal(["picture 1 ", "picture 5 "], Names(manifest.OpenQueries("a test")));
        Assert.Equal(["picture 2 ", "picture 6 "], Names(manifest.OpenDatabase()));
        Assert.Equal(manifest.Digest, SplitManifest.Open(manifest.Folder, loaded.Dataset).Digest);

        File.AppendAllText(Path.Combine(manifest.Folder, SplitManifest.ValidationFile), "picture 1  0 0 0\n");
        Assert.Contains("validation.txt' was edited", Assert.Throws<InvalidDataException>(manifest.OpenTraining).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "line 2 is damaged")]
    [InlineData("""{"id":"x","labels":[],"digest":"00","part":"train","offset":0,"length":99999999}""", "line 2 is damaged: Its preview ends at byte 99999999 of")]
    [InlineData("""{"id":"x","labels":[null],"digest":"00","part":"train","offset":0,"length":1}""", "line 2 is damaged: It has a negative offset, no bytes, or null for a label.")]
    [InlineData("""{"id":"x","labels":[],"digest":"00","part":"other","offset":0,"length":1}""", "line 2 is damaged")]
    public void A_damaged_line_is_told_with_file_and_number(string line, string message)
    {
        Write(Previews.OfSample(1), _ => []);
        File.AppendAllText(folder.File(CollectionItem.FileName), $"{line}\n");

        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => CollectionFolder.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_preview_is_told_with_the_picture()
    {
        byte[][] previews = Previews.OfSample(2);
        Write([previews[0], previews[1][..50]], _ => []);
        Dataset dataset = CollectionFolder.Load(folder.Path).Dataset;

        Assert.Contains("The preview of 'picture 1 '", Assert.Throws<InvalidDataException>(() => dataset.Pictures.Read(1)).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(PictureSet pictures) => Enumerable.Range(0, pictures.Count).Select(pictures.NameOf);

    private void Write(byte[][] previews, Func<int, string[]> labels, Func<int, CollectionPart>? part = null)
    {
        long offset = 0;
        var lines = new List<string>();
        foreach ((int i, byte[] preview) in previews.Index())
        {
            lines.Add(new CollectionItem($"picture {i} ", labels(i), new string('0', 64), part?.Invoke(i) ?? CollectionPart.Train, offset, preview.Length).ToJson());
            offset += preview.Length;
        }

        File.WriteAllLines(folder.File(CollectionItem.FileName), lines);
        File.WriteAllBytes(folder.File(CollectionItem.PreviewsFileName), [.. previews.SelectMany(preview => preview)]);
    }
}
