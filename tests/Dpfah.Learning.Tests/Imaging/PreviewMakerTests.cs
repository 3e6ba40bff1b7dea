using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class PreviewMakerTests
{
    public static TheoryData<int, int, int, int, string> Sizes()
    {
        var data = new TheoryData<int, int, int, int, string>();
        foreach (string decoder in ImageDecoders.Names)
        {
            data.Add(48, 36, 48, 36, decoder);
            data.Add(256, 300, 256, 300, decoder);
            data.Add(1024, 100, 1024, 100, decoder);
            data.Add(257, 300, 256, 298, decoder);
            data.Add(1001, 333, 769, 256, decoder);
            data.Add(900, 1300, 256, 369, decoder);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Shorter_side_is_at_most_256_and_nothing_is_enlarged(int width, int height, int previewWidth, int previewHeight, string decoder)
    {
        RgbImage image = TestPicture.Gradient(width, height);
        Preview fromPng = TestPicture.MakePreview(TestPicture.ToPng(image), decoder);
        Preview fromJpeg = TestPicture.MakePreview(ImageDecoders.Create(decoder).EncodeJpeg(image, 95), decoder);

        Assert.Equal((previewWidth, previewHeight), (fromPng.Width, fromPng.Height));
        Assert.Equal((previewWidth, previewHeight), (fromJpeg.Width, fromJpeg.Height));
        RgbImage expected = TriangleResampler.Resize(image, previewWidth, previewHeight, PixelWindow.Whole(previewWidth, previewHeight));
        Assert.InRange(TestPicture.MeanDifference(expected, TestPicture.Decode(fromPng.Jpeg, decoder)), 0, 2);
        Assert.InRange(TestPicture.MeanDifference(expected, TestPicture.Decode(fromJpeg.Jpeg, decoder)), 0, 2);
    }

    [Theory]
    [MemberData(nameof(FixturePicture.FilesAndDecoders), MemberType = typeof(FixturePicture))]
    public void Preview_is_the_same_every_time_and_from_every_thread(string file, string decoder)
    {
        byte[] bytes = FixturePicture.Read(file);
        var maker = new PreviewMaker(ImageDecoders.Create(decoder));
        PreviewResult first = maker.Make(bytes);

        Parallel.For(0, 8, _ =>
        {
            PreviewResult again = maker.Make(bytes);
            Assert.Equal(first.Detail, again.Detail);
            Assert.Equal(first.Preview?.Jpeg, again.Preview?.Jpeg);
        });

        // The one kind that one decoder cannot read.
        Assert.Equal(file == "animated.webp" && decoder == ImageDecoders.ImageSharp, first.Preview is null);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Preview_is_a_jpeg_without_metadata_that_names_its_decoder(string decoder)
    {
        Preview preview = TestPicture.MakePreview(FixturePicture.Read("rgb.png"), decoder);

        Assert.Equal(ImageDecoders.Create(decoder).Name, preview.Decoder);
        ImageHeader header = ImageHeader.Read(preview.Jpeg)!;
        Assert.Equal((ImageFormat.Jpeg, preview.Width, preview.Height, 1, null), (header.Format, header.Width, header.Height, header.Orientation, header.Damage));

        // Application segments 1 to 15 and comments; segment 0 is JFIF's own.
        for (int i = 0; i + 1 < preview.Jpeg.Length; i++)
        {
            Assert.False(preview.Jpeg[i] == 0xFF && preview.Jpeg[i + 1] is (>= 0xE1 and <= 0xEF) or 0xFE, $"A metadata segment at byte {i}.");
        }
    }

    [Fact]
    public void Decoders_agree_on_large_photos()
    {
        RgbImage image = TestPicture.Gradient(1600, 1200);
        foreach (byte[] file in new[] { ImageDecoders.Create(ImageDecoders.Skia).EncodeJpeg(image, 90), TestPicture.ToPng(image) })
        {
            RgbImage skia = TestPicture.Decode(TestPicture.MakePreview(file, ImageDecoders.Skia).Jpeg, ImageDecoders.Skia);
            RgbImage imageSharp = TestPicture.Decode(TestPicture.MakePreview(file, ImageDecoders.ImageSharp).Jpeg, ImageDecoders.ImageSharp);

            Assert.InRange(TestPicture.MeanDifference(skia, imageSharp), 0, 1);
        }
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Very_long_pictures_keep_their_middle(string decoder)
    {
        // Red only in the middle tenth.
        RgbImage thin = TestPicture.Make(1, 30_000, (_, y) => (y is >= 13_500 and < 16_500 ? 255 : 0, 0, 0));
        RgbImage wide = TestPicture.Make(20_000, 600, (x, _) => (x is >= 9_000 and < 11_000 ? 255 : 0, 0, 0));

        Preview thinPreview = TestPicture.MakePreview(TestPicture.ToPng(thin), decoder);
        Preview widePreview = TestPicture.MakePreview(TestPicture.ToPng(wide), decoder);

        Assert.Equal((1, PreviewMaker.LongestSide), (thinPreview.Width, thinPreview.Height));
        Assert.Equal((PreviewMaker.LongestSide, PreviewMaker.ShorterSide), (widePreview.Width, widePreview.Height));
        var input = new NetworkInput(ImageDecoders.Create(decoder), new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]));
        var values = new float[input.Length];
        foreach (Preview preview in new[] { thinPreview, widePreview })
        {
            input.Write(preview.Jpeg, values);
            Assert.InRange(values.AsSpan(0, 224 * 224).ToArray().Min(), 240, 255);
        }
    }

    [Fact]
    public void Limit_of_pixels_must_be_sensible()
    {
        IImageDecoder decoder = ImageDecoders.Create(ImageDecoders.Skia);

        Assert.Throws<ArgumentOutOfRangeException>(() => new PreviewMaker(decoder, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PreviewMaker(decoder, PreviewMaker.LargestPixelLimit + 1));
    }
}
