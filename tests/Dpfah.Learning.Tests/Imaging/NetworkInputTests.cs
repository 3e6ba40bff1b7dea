using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Golden;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class NetworkInputTests
{
    // torchvision's mean and deviation, in byte values.
    private static readonly float[] Mean = [0.485f * 255, 0.456f * 255, 0.406f * 255];
    private static readonly float[] Std = [0.229f * 255, 0.224f * 255, 0.225f * 255];

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Input_equals_the_golden_file(string decoder)
    {
        int cases = 0;
        foreach (JsonElement golden in ReferenceFile.Read("golden/image.json").GetProperty("cases").EnumerateArray())
        {
            int crop = golden.GetProperty("crop").GetInt32();
            NetworkInput input = Create(decoder, golden.GetProperty("resize").GetInt32(), crop);
            float[] expected = GoldenImage.Floats(golden.GetProperty("normalized_chw"));
            var actual = new float[input.Length];

            input.Write(GoldenImage.Source(golden), actual);

            Assert.Equal(3 * crop * crop, expected.Length);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], actual[i], (float)GoldenTolerance.Float32);
            }

            cases++;
        }

        Assert.Equal(4, cases);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Preview_gives_the_input_of_its_decoded_pixels_every_time(string decoder)
    {
        Preview preview = TestPicture.MakePreview(TestPicture.ToPng(TestPicture.Gradient(700, 500)), decoder);
        NetworkInput input = Create(decoder, 256, 224);
        float[] first = new float[input.Length], second = new float[input.Length], fromPixels = new float[input.Length];

        input.Write(preview.Jpeg, first);
        input.Write(preview.Jpeg, second);
        input.Write(TestPicture.Decode(preview.Jpeg, decoder), fromPixels);

        Assert.Equal(first, second);
        Assert.Equal(first, fromPixels);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Small_preview_is_enlarged(string decoder)
    {
        Preview preview = TestPicture.MakePreview(FixturePicture.Read("rgb.png"), decoder);
        NetworkInput input = Create(decoder, 256, 224);
        var values = new float[input.Length];

        input.Write(preview.Jpeg, values);

        // Red rises to the right: from the left edge of the crop to its right edge.
        Assert.Equal(224, input.Side);
        Assert.True(values[223] - values[0] > 2);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Bytes_that_are_no_preview_are_refused(string decoder)
    {
        NetworkInput input = Create(decoder, 256, 224);
        byte[] preview = TestPicture.MakePreview(FixturePicture.Read("rgb.png"), decoder).Jpeg;
        byte[][] wrong =
        [
            [],
            "no picture"u8.ToArray(),
            FixturePicture.Read("rgb.png"),
            preview[..^10],
            preview[..50],
            ImageDecoders.Create(decoder).EncodeJpeg(TestPicture.Gradient(300, 257), 90),
            ImageDecoders.Create(decoder).EncodeJpeg(TestPicture.Gradient(5000, 16), 90),
        ];

        foreach (byte[] bytes in wrong)
        {
            Assert.Throws<InvalidDataException>(() => input.Write(bytes, new float[input.Length]));
        }
    }

    [Fact]
    public void Wrong_sizes_are_the_callers_mistake()
    {
        NetworkInput input = Create(ImageDecoders.Skia, 256, 224);

        Assert.Throws<ArgumentException>(() => input.Write(FixturePicture.Rgb(), new float[input.Length - 1]));
        Assert.Throws<ArgumentException>(() => Create(ImageDecoders.Skia, 200, 224));
        Assert.Throws<ArgumentException>(() => Create(ImageDecoders.Skia, 200, 0));
    }

    private static NetworkInput Create(string decoder, int resize, int crop) =>
        new(ImageDecoders.Create(decoder), new Preprocessing(resize, crop, Mean, Std));
}
