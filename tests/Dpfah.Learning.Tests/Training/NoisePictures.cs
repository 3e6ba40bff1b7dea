using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Training;

/// <summary>Seeded noise around a colour for each class: pictures that a network can learn in a few batches.</summary>
internal sealed class NoisePictures(int count, int classes, int side = 32) : IPictureSource
{
    private int reads;

    /// <summary>A picture that cannot be read; none when negative.</summary>
    public int Damaged { get; set; } = -1;

    /// <summary>How many pictures were read.</summary>
    public int Reads => reads;

    public int Count => count;

    public string NameOf(int index) => $"noise/{index:000}.png";

    public RgbImage Read(int index)
    {
        Interlocked.Increment(ref reads);
        if (index == Damaged)
        {
            throw new InvalidDataException($"'{NameOf(index)}' is no picture.");
        }

        var random = new SeededRandom((ulong)index + 1);
        int label = index % classes;
        var pixels = new byte[3 * side * side];
        for (int i = 0; i < pixels.Length; i++)
        {
            int colour = i % 3 == label % 3 ? 180 : 60 + (20 * (label / 3));
            pixels[i] = (byte)(colour + random.NextInt(40));
        }

        return new RgbImage(side, side, pixels);
    }

    /// <summary>As a training set.</summary>
    public TrainingPictures ForTraining(bool multiLabel = false)
    {
        var dataset = new Dataset(
            "noise",
            [.. Enumerable.Range(0, classes).Select(c => $"class {c}")],
            multiLabel,
            this,
            [.. Enumerable.Range(0, count).Select(i => multiLabel && i % 2 == 0 && i % classes != classes - 1 ? new[] { i % classes, classes - 1 } : [i % classes])]);
        return new TrainingPictures(new PictureSet(dataset, [.. Enumerable.Range(0, count)]), "noise-split");
    }
}
