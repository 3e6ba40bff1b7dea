using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class FashionMnistMultiTests : IDisposable
{
    private static readonly SplitCounts Sizes = new(40, 60, 100);

    // Picture i has the label i % 10, and its every pixel is i % 251: index 0 is black, so no other garment is.
    private readonly IdxFolder folder = new(train: 180, test: 20);
    private readonly FashionMnist pool;
    private readonly Split garments;

    public FashionMnistMultiTests()
    {
        pool = FashionMnist.Load(folder.Path);
        garments = Split.Make(pool.Labels, queriesPerClass: 4, trainPerClass: 6);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Parts_have_their_sizes_and_names()
    {
        LoadedDataset loaded = FashionMnistMulti.Compose(pool, garments, Sizes, seed: 1);

        Assert.Equal("fashion-mnist-multi", loaded.Dataset.Name);
        Assert.True(loaded.Dataset.MultiLabel);
        Assert.Equal(200, loaded.Dataset.Count);
        Assert.Equal(Enumerable.Range(0, 40), loaded.Split!.Query);
        Assert.Equal(Enumerable.Range(40, 60), loaded.Split.Train);
        Assert.Equal(Enumerable.Range(100, 100), loaded.Split.Database);
        Assert.Equal(1UL, loaded.Split.Seed);
        Assert.StartsWith("query/00039:", loaded.Dataset.Pictures.NameOf(39));
        Assert.StartsWith("train/00000:", loaded.Dataset.Pictures.NameOf(40));
        Assert.StartsWith("database/00099:", loaded.Dataset.Pictures.NameOf(199));
    }

    [Fact]
    public void Each_part_shows_garments_of_its_own_part_only()
    {
        LoadedDataset loaded = FashionMnistMulti.Compose(pool, garments, Sizes, seed: 1);
        var pictures = (CompositePictures)loaded.Dataset.Pictures;

        AssertWithin(loaded.Split!.Query, garments.Query);
        AssertWithin(loaded.Split.Train, garments.Train);
        AssertWithin(loaded.Split.Database, garments.Database);

        void AssertWithin(IReadOnlyList<int> part, IReadOnlyList<int> allowed) =>
            Assert.All(part.SelectMany(i => pictures[i].Garments), garment => Assert.Contains(garment.Index, allowed));
    }

    [Fact]
    public void A_name_tells_the_garments_and_their_quadrants()
    {
        var pictures = (CompositePictures)FashionMnistMulti.Compose(pool, garments, Sizes, seed: 1).Dataset.Pictures;
        Assert.All(
            Enumerable.Range(0, 200),
            i => Assert.Equal(
                pictures[i].Garments,
                pictures.NameOf(i).Split(':')[1].Split(',').Select(g => (int.Parse(g.Split('@')[0]), int.Parse(g.Split('@')[1])))));
    }

    [Fact]
    public void Labels_are_the_two_or_three_classes_shown()
    {
        LoadedDataset loaded = FashionMnistMulti.Compose(pool, garments, Sizes, seed: 1);
        var pictures = (CompositePictures)loaded.Dataset.Pictures;

        Assert.Equal([2, 3], Enumerable.Range(0, 200).Select(i => loaded.Dataset.LabelsOf(i).Count).Distinct().Order());
        Assert.All(
            Enumerable.Range(0, 200),
            i => Assert.Equal(pictures[i].Garments.Select(g => g.Index % 10).Order(), loaded.Dataset.LabelsOf(i)));
    }

    [Fact]
    public void Each_garment_fills_its_quadrant_and_the_others_are_black()
    {
        var pictures = (CompositePictures)FashionMnistMulti.Compose(pool, garments, Sizes, seed: 1).Dataset.Pictures;

        for (int i = 0; i < 20; i++)
        {
            RgbImage picture = pictures.Read(i);
            Assert.Equal((56, 56), (picture.Width, picture.Height));
            for (int y = 0; y < 56; y++)
            {
                for (int x = 0; x < 56; x++)
                {
                    int quadrant = (x < 28 ? 0 : 1) + (y < 28 ? 0 : 2);
                    int expected = pictures[i].Garments.Where(g => g.Quadrant == quadrant).Select(g => g.Index % 251).SingleOrDefault();
                    Assert.Equal(expected, picture.Pixels[3 * ((y * 56) + x)]);
                    Assert.Equal(expected, picture.Pixels[(3 * ((y * 56) + x)) + 2]);
                }
            }
        }
    }

    [Fact]
    public void A_seed_gives_the_same_pictures_again_and_another_seed_others()
    {
        Assert.Equal(Shown(seed: 5), Shown(seed: 5));
        Assert.NotEqual(Shown(seed: 5), Shown(seed: 6));

        string[] Shown(ulong seed)
        {
            var pictures = (CompositePictures)FashionMnistMulti.Compose(pool, garments, Sizes, seed).Dataset.Pictures;
            return [.. Enumerable.Range(0, pictures.Count).Select(i => string.Join(' ', pictures[i].Garments))];
        }
    }
}
