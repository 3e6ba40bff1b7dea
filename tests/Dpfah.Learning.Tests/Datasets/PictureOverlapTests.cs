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
    public void No_picture_of_the_demo_was_trained_on()
    {
        // Digests of the pixels of all training pictures, as the report of the experiments wrote them.
        Dictionary<string, string> trained = File.ReadLines(Path.Combine(Native.DotnetBuild.Repository, "docs/reproduction/fashion-mnist/split/train-pixels.txt"))
            .Select(line => line.Split("  ")).ToDictionary(parts => parts[0], parts => parts[1]);
        SamplePicture[] demo = [.. FashionSample.ReadDatabase(), .. FashionSample.ReadQueries()];

        string[] shared = [.. demo.Where(picture => trained.ContainsKey(PictureOverlap.Digest(TestPicture.Decode(picture.Bytes, ImageDecoders.Skia)))).Select(picture => picture.Id)];

        Assert.Equal((2_010, 5_000), (demo.Length, trained.Count));
        Assert.Empty(shared);

        // By name too: a name of the demo ends with the number in the pool, as those of the split do.
        Assert.Empty(demo.Select(picture => picture.Id.Replace("query/", "", StringComparison.Ordinal)).Intersect(trained.Values));
    }

    [Fact]
    public void Digests_on_file_are_those_of_the_pictures()
    {
        using var folder = new TestFolder();
        var pictures = new PictureSet(SolidPictures.SingleLabel(30), [3, 1, 2]);

        PictureOverlap.WriteDigests(folder.File("digests.txt"), pictures);

        Assert.Equal(
            Enumerable.Range(0, 3).Select(i => $"{PictureOverlap.Digest(pictures.Read(i))}  {pictures.NameOf(i)}"), File.ReadLines(folder.File("digests.txt")));
    }
}
