using Dpfah.Core.Models;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Training;

public sealed class BatchLoaderTests
{
    private static readonly Preprocessing Input = new(36, 32, [0, 0, 0], [1, 1, 1]);

    [Theory]
    [InlineData(24, 8, new[] { 8, 8, 8 })]
    [InlineData(26, 8, new[] { 8, 8, 8, 2 })]
    [InlineData(25, 8, new[] { 8, 8, 9 })] // Batch norm cannot train on a single picture.
    [InlineData(5, 128, new[] { 5 })]
    public void Every_picture_is_in_one_batch(int count, int batchSize, int[] expected)
    {
        BatchLoader loader = Loader(count, new TrainingOptions { BatchSize = batchSize });

        Batch[] batches = [.. loader.Epoch(0, CancellationToken.None)];

        Assert.Equal(expected, batches.Select(batch => batch.Positions.Length));
        Assert.Equal(Enumerable.Range(0, count), batches.SelectMany(batch => batch.Positions).Order());
        Assert.Equal(expected.Length, loader.Batches);
    }

    [Fact]
    public void Order_depends_on_seed_and_epoch()
    {
        int[] order = Loader(50, new TrainingOptions { Seed = 1 }).Order(0);

        Assert.Equal(order, Loader(50, new TrainingOptions { Seed = 1, Threads = 2 }).Order(0));
        Assert.NotEqual(order, Loader(50, new TrainingOptions { Seed = 2 }).Order(0));
        Assert.NotEqual(order, Loader(50, new TrainingOptions { Seed = 1 }).Order(1));
    }

    [Fact]
    public void Augmentation_depends_on_seed_epoch_and_picture_alone()
    {
        var options = new TrainingOptions { Augmentation = Augmentation.CropAndFlip, BatchSize = 7 };

        Assert.Equal(Pixels(options, 3), Pixels(options, 3));
        Assert.Equal(Pixels(options, 3), Pixels(options with { BatchSize = 20 }, 3));
        Assert.NotEqual(Pixels(options, 3), Pixels(options, 4));
        Assert.Equal(
            Pixels(options with { Augmentation = Augmentation.None }, 3), Pixels(options with { Augmentation = Augmentation.None }, 4));
    }

    [Fact]
    public void An_epoch_that_is_left_early_stops_its_decoding()
    {
        var pictures = new NoisePictures(1000, 3, 40);
        BatchLoader loader = Loader(pictures, new TrainingOptions { BatchSize = 2 });

        foreach (Batch batch in loader.Epoch(0, CancellationToken.None))
        {
            Assert.Equal(2, batch.Positions.Length);
            break;
        }

        // Leaving waits for the decoding: the batch taken, two ahead, one on its way to them, one begun when it was stopped.
        int reads = pictures.Reads;
        Assert.InRange(reads, 2, 5 * 2);

        // A later epoch begins anew, and nothing of the one that was left reads beside it.
        Assert.Equal(500, loader.Epoch(1, CancellationToken.None).Count());
        Assert.Equal(reads + 1000, pictures.Reads);
    }

    [Fact]
    public void One_picture_is_too_few() => Assert.Throws<InvalidDataException>(() => Loader(1, new TrainingOptions()));

    private static BatchLoader Loader(int count, TrainingOptions options) => Loader(new NoisePictures(count, 3, 40), options);

    private static BatchLoader Loader(NoisePictures pictures, TrainingOptions options) =>
        new(pictures.ForTraining().Pictures, new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), Input), options);

    /// <summary>Input of each picture in an epoch, by position.</summary>
    private static float[][] Pixels(TrainingOptions options, int epoch)
    {
        var pixels = new float[20][];
        foreach (Batch batch in Loader(20, options).Epoch(epoch, CancellationToken.None))
        {
            for (int i = 0; i < batch.Positions.Length; i++)
            {
                pixels[batch.Positions[i]] = batch.Pixels.AsSpan(i * 3 * 32 * 32, 3 * 32 * 32).ToArray();
            }
        }

        return pixels;
    }
}
