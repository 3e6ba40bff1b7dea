using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Explaining;

public sealed class HeatMapTests
{
    [Theory]
    [InlineData(224, 224)]
    [InlineData(15, 9)]
    [InlineData(3, 2)]
    [InlineData(1, 1)]
    public void Resizing_is_the_bilinear_one_of_torch(int width, int height)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor map = rand(1, 1, 5, 7);
        var heat = new HeatMap(7, 5, map.cpu().data<float>().ToArray());

        HeatMap resized = heat.Resize(width, height);

        Tensor expected = nn.functional.interpolate(map, [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
        Assert.Equal((width, height), (resized.Width, resized.Height));
        Assert.All(expected.cpu().data<float>().ToArray().Zip(resized.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void The_overlay_mixes_picture_and_colour()
    {
        var picture = new RgbImage(2, 1, [100, 100, 100, 200, 200, 200]);
        var map = new HeatMap(2, 1, [0, 1]);

        RgbImage overlay = map.Overlay(picture, 0.5);

        Assert.Equal((2, 1), (overlay.Width, overlay.Height));
        Assert.True(overlay.Pixels[0] < 60 && overlay.Pixels[2] < 60, "0 is black.");
        Assert.True(overlay.Pixels[3] > 220 && overlay.Pixels[4] > 220, "1 is light yellow.");
        Assert.Equal(picture.Pixels.ToArray(), map.Overlay(picture, 0).Pixels.ToArray());
    }

    [Fact]
    public void Higher_values_are_brighter()
    {
        double[] brightness = [.. Enumerable.Range(0, 11).Select(i => HeatMap.ColourOf(i / 10.0))
            .Select(colour => (0.2126 * colour.Red) + (0.7152 * colour.Green) + (0.0722 * colour.Blue))];

        Assert.Equal(brightness.Order(), brightness);
    }

    [Fact]
    public void Values_outside_zero_to_one_and_wrong_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new HeatMap(2, 1, [0, 1.1f]));
        Assert.Throws<ArgumentException>(() => new HeatMap(2, 1, [0, float.NaN]));
        Assert.Throws<ArgumentException>(() => new HeatMap(2, 2, [0, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HeatMap(1, 1, [0]).Overlay(new RgbImage(1, 1, [0, 0, 0]), 1.5));
    }
}
