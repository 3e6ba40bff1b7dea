using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Tests.Imaging;

namespace Dpfah.Learning.Tests.Datasets;

public class PictureOverlapTests
{
    [Fact]
    public void Equal_pixels_are_found_under_any_name()
    {
        Dataset first = SolidPictures.SingleLabel(300);
        PictureOverlap overlap = PictureOverlap.Between(new PictureSet(first, [7, 8, 9]), new PictureSet(SolidPictures.SingleLabel(30), [10, 9, 1]));

        Assert.Equal((3, 3), (overlap.FirstCount, overlap.SecondCount));
        Assert.Equal([("picture 9", "picture 9")], overlap.Pairs);
    }

    [Fact]
    public void A_digest_tells_a_row_from_a_column() =>
        Assert.NotEqual(PictureOverlap.Digest(new RgbImage(1, 2, new byte[6])), PictureOverlap.Digest(new RgbImage(2, 1, new byte[6])));

    [Fact]
    public void No_picture_of_the_sample_was_trained_on()
    {
        Assert.SkipUnless(Directory.Exists(FashionMnist.DebianFolder), "Fashion-MNIST is not installed (apt-get install dataset-fashion-mnist).");
        DatasetEntry entry = DatasetCatalogue.Find("fashion-mnist");
        LoadedDataset loaded = entry.Load();
        using var folder = new TestFolder();
        SplitManifest manifest = SplitManifest.Write(folder.Path, loaded.Dataset, entry.MakeSplit(loaded));
        var sample = new SamplePictures([.. FashionSample.ReadDatabase(), .. FashionSample.ReadQueries()]);
        int[][] labels = [.. Enumerable.Range(0, sample.Count).Select(i => new[] { 0 })];
        var demo = new PictureSet(new Dataset("demo", ["any"], multiLabel: false, sample, labels), [.. Enumerable.Range(0, sample.Count)]);

        PictureOverlap overlap = PictureOverlap.Between(demo, manifest.OpenTraining().Pictures);

        Assert.Equal((2_010, 5_000), (overlap.FirstCount, overlap.SecondCount));
        Assert.Empty(overlap.Pairs);

        // The comparison is able to find something: the sample is in the database part, under the same names.
        PictureOverlap database = PictureOverlap.Between(demo, manifest.OpenDatabase());
        Assert.Equal(2_000, database.Pairs.Where(pair => pair.First == pair.Second).Select(pair => pair.First).Distinct().Count());
    }

    private sealed class SamplePictures(IReadOnlyList<SamplePicture> pictures) : IPictureSource
    {
        public int Count => pictures.Count;

        public string NameOf(int index) => pictures[index].Id;

        public RgbImage Read(int index) => TestPicture.Decode(pictures[index].Bytes, ImageDecoders.Skia);
    }
}
