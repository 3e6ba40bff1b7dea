using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Datasets;

/// <summary>Pictures of one color each; picture i is called <c>picture i</c>.</summary>
internal sealed class SolidPictures(int count) : IPictureSource
{
    public int Count => count;

    public string NameOf(int index) => $"picture {index}";

    public RgbImage Read(int index) => new(1, 1, [(byte)index, (byte)(index >> 8), (byte)(index >> 16)]);

    /// <summary>A data set of one class a picture: picture i is of class i modulo the number of classes.</summary>
    public static Dataset SingleLabel(int count, int classes = 3) =>
        new("solid", Names(classes), multiLabel: false, new SolidPictures(count), [.. Enumerable.Range(0, count).Select(i => new[] { i % classes })]);

    /// <summary>A data set of one to three classes a picture, drawn at random: low ones more often.</summary>
    public static Dataset MultiLabel(int count, int classes = 6)
    {
        var random = new SeededRandom(11);
        return new(
            "solid-multi",
            Names(classes),
            multiLabel: true,
            new SolidPictures(count),
            [.. Enumerable.Range(0, count).Select(_ => Draw(random, classes))]);
    }

    private static int[] Draw(SeededRandom random, int classes) =>
        [.. Enumerable.Range(0, 1 + random.NextInt(3)).Select(_ => Math.Min(random.NextInt(classes), random.NextInt(classes))).Distinct().Order()];

    private static string[] Names(int classes) => [.. Enumerable.Range(0, classes).Select(c => $"class {c}")];
}
