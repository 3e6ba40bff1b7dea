using System.Text.Json;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class TriangleResamplerTests
{
    [Fact]
    public void Resize_gives_the_bytes_of_the_golden_file()
    {
        int cases = 0;
        foreach (JsonElement golden in ReferenceFile.Read("golden/image.json").GetProperty("cases").EnumerateArray())
        {
            RgbImage image = GoldenImage.Source(golden);
            (int width, int height) = TriangleResampler.SizeForShorterSide(image.Width, image.Height, golden.GetProperty("resize").GetInt32());

            RgbImage resized = Whole(image, width, height);

            Assert.Equal(golden.GetProperty("resized_width").GetInt32(), width);
            Assert.Equal(golden.GetProperty("resized_height").GetInt32(), height);
            Assert.Equal(GoldenImage.Bytes(golden.GetProperty("resized_hwc")), resized.Pixels.ToArray());
            cases++;
        }

        Assert.Equal(4, cases);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 1, 5, 3)]
    [InlineData(7, 5, 1, 1)]
    [InlineData(17, 3, 16, 2)]
    [InlineData(31, 33, 5, 67)]
    [InlineData(64, 48, 21, 16)]
    [InlineData(500, 3, 11, 3)]
    [InlineData(3, 500, 3, 11)]
    public void Resize_is_within_one_of_the_definition(int sourceWidth, int sourceHeight, int width, int height)
    {
        RgbImage source = TestPicture.Noise(sourceWidth, sourceHeight, seed: 1);
        RgbImage resized = Whole(source, width, height);

        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < 3 * width; x++)
            {
                Assert.InRange(resized.Row(y)[x] - Definition(source, width, height, x / 3, y, x % 3), -1, 1);
            }
        }
    }

    [Fact]
    public void Window_of_a_resize_equals_the_crop_of_the_whole()
    {
        var random = new Random(2);
        for (int round = 0; round < 200; round++)
        {
            RgbImage source = TestPicture.Noise(random.Next(1, 60), random.Next(1, 60), seed: round);
            (int width, int height) = (random.Next(1, 60), random.Next(1, 60));
            (int left, int top) = (random.Next(width), random.Next(height));
            var window = new PixelWindow(left, top, random.Next(1, width - left + 1), random.Next(1, height - top + 1));

            RgbImage part = TriangleResampler.Resize(source, width, height, window);

            Assert.Equal(Crop(Whole(source, width, height), window), part.Pixels.ToArray());
        }
    }

    [Fact]
    public void Every_width_of_vectors_gives_the_same_bytes()
    {
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            // Narrower than a step, and wide; shrunk, enlarged, and left as it is along one side.
            int largest = round % 3 == 0 ? 12 : 300;
            RgbImage source = TestPicture.Noise(random.Next(1, largest), random.Next(1, largest), seed: round);
            int width = round % 5 == 0 ? source.Width : random.Next(1, 60);
            int height = random.Next(1, 60);
            PixelWindow whole = PixelWindow.Whole(width, height);
            byte[][] results = [.. new[] { 128, 256, 512 }.Where(bits => bits <= RowFilter.WidestVector).Select(bits =>
            {
                var result = new byte[3 * whole.Pixels];
                TriangleResampler.Resize(source, width, height, whole, result, bits);
                return result;
            })];

            Assert.All(results, result => Assert.Equal(results[0], result));
        }
    }

    [Theory]
    [InlineData(640, 480, 341, 256)]
    [InlineData(480, 640, 256, 341)]
    [InlineData(300, 300, 256, 256)]
    [InlineData(1001, 333, 769, 256)]
    public void Longer_side_is_cut_to_whole_pixels(int width, int height, int expectedWidth, int expectedHeight) =>
        Assert.Equal((expectedWidth, expectedHeight), TriangleResampler.SizeForShorterSide(width, height, 256));

    [Theory]
    [InlineData(10, 4, 3)]
    [InlineData(9, 4, 2)]
    [InlineData(11, 4, 4)]
    [InlineData(5, 4, 0)]
    public void Centre_rounds_half_a_pixel_to_even(int length, int crop, int expected) =>
        Assert.Equal(expected, PixelWindow.Centre(length, crop, crop, crop).Left);

    private static RgbImage Whole(RgbImage source, int width, int height) =>
        TriangleResampler.Resize(source, width, height, PixelWindow.Whole(width, height));

    private static byte[] Crop(RgbImage image, PixelWindow window) => Enumerable.Range(window.Top, window.Height)
        .SelectMany(y => image.Row(y).Slice(3 * window.Left, 3 * window.Width).ToArray()).ToArray();

    /// <summary>The filter as it is defined, in floating point, over all source pixels; rounded between the passes only.</summary>
    private static double Definition(RgbImage source, int width, int height, int x, int y, int channel)
    {
        double sum = 0, weights = 0;
        for (int row = 0; row < source.Height; row++)
        {
            double weight = Triangle(source.Height, height, y, row);
            if (weight > 0)
            {
                double rowSum = 0, rowWeights = 0;
                for (int column = 0; column < source.Width; column++)
                {
                    double columnWeight = Triangle(source.Width, width, x, column);
                    rowSum += columnWeight * source.Row(row)[(3 * column) + channel];
                    rowWeights += columnWeight;
                }

                sum += weight * Math.Round(rowSum / rowWeights);
                weights += weight;
            }
        }

        return sum / weights;
    }

    private static double Triangle(int sourceLength, int targetLength, int target, int source)
    {
        double scale = (double)sourceLength / targetLength;
        double distance = Math.Abs(source + 0.5 - ((target + 0.5) * scale));
        return Math.Max(0, 1 - (distance / Math.Max(scale, 1)));
    }
}
