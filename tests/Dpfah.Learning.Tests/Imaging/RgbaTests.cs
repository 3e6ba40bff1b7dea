using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class RgbaTests
{
    public static TheoryData<int> Lengths()
    {
        var data = new TheoryData<int>();
        foreach (int pixels in Enumerable.Range(0, 40).Append(341))
        {
            data.Add(pixels);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Alpha_is_added_and_dropped_without_a_trace(int pixels)
    {
        var rgb = new byte[3 * pixels];
        new Random(pixels).NextBytes(rgb);
        var rgba = new byte[4 * pixels];
        var back = new byte[3 * pixels];

        Rgba.AddOpaqueAlpha(rgb, rgba);
        Rgba.DropAlpha(rgba, back);

        Assert.Equal(rgb.Chunk(3).SelectMany(pixel => (byte[])[.. pixel, 255]), rgba);
        Assert.Equal(rgb, back);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Pixels_are_composited_over_white_wherever_opaque_ones_lie(int pixels)
    {
        var random = new Random(pixels);
        var rgba = new byte[4 * pixels];
        random.NextBytes(rgba);
        for (int i = 0; i < pixels; i++)
        {
            rgba[(4 * i) + 3] = random.Next(8) switch { 0 => (byte)random.Next(255), _ => 255 };
        }

        var composited = new byte[4 * pixels];
        Rgba.CompositeOverWhite(rgba, composited);

        for (int i = 0; i < 4 * pixels; i++)
        {
            double share = rgba[i | 3] / 255.0;
            Assert.Equal(i % 4 == 3 ? 255 : (byte)Math.Round((rgba[i] * share) + (255 * (1 - share)), MidpointRounding.AwayFromZero), composited[i]);
        }
    }
}
