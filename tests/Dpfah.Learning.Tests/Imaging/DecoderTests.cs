using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class DecoderTests
{
    public static TheoryData<string, string> LosslessFiles() => Under("rgb.png", "interlaced.png", "sixteen-bit.png", "rgb.bmp", "lossless.webp");

    public static TheoryData<string, string> PaletteFiles() => Under("palette.png", "still.gif", "animated.gif", "palette.bmp", "run-length.bmp");

    [Theory]
    [MemberData(nameof(LosslessFiles))]
    public void Lossless_files_give_their_pixels(string file, string decoder) =>
        Assert.Equal(FixturePicture.Rgb().Pixels, TestPicture.Decode(FixturePicture.Read(file), decoder).Pixels);

    [Theory]
    [MemberData(nameof(PaletteFiles))]
    public void Palette_files_give_their_pixels_and_animations_their_first_frame(string file, string decoder) =>
        Assert.Equal(FixturePicture.Posterised().Pixels, TestPicture.Decode(FixturePicture.Read(file), decoder).Pixels);

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Grey_files_give_three_equal_channels(string decoder)
    {
        Assert.Equal(FixturePicture.Grey().Pixels, TestPicture.Decode(FixturePicture.Read("grey.png"), decoder).Pixels);
        Assert.InRange(TestPicture.MeanDifference(FixturePicture.Grey(), TestPicture.Decode(FixturePicture.Read("grey.jpg"), decoder)), 0, 1);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Alpha_is_composited_over_white(string decoder)
    {
        Assert.Equal(FixturePicture.RgbOverWhite().Pixels, TestPicture.Decode(FixturePicture.Read("alpha.png"), decoder).Pixels);
        Assert.Equal(FixturePicture.RgbOverWhite().Pixels, TestPicture.Decode(FixturePicture.Read("alpha.webp"), decoder).Pixels);
        Assert.Equal(FixturePicture.GreyOverWhite().Pixels, TestPicture.Decode(FixturePicture.Read("grey-alpha.png"), decoder).Pixels);
    }

    [Theory]
    [InlineData("baseline.jpg", 1.0)]
    [InlineData("progressive.jpg", 1.0)]
    [InlineData("cmyk.jpg", 1.0)]
    [InlineData("subsampled.jpg", 3.0)]
    [InlineData("lossy.webp", 3.0)]
    public void Lossy_files_give_nearly_their_pixels(string file, double meanDifference)
    {
        foreach (string decoder in ImageDecoders.Names)
        {
            double difference = TestPicture.MeanDifference(FixturePicture.Rgb(), TestPicture.Decode(FixturePicture.Read(file), decoder));
            Assert.True(difference <= meanDifference, $"{file} under {decoder}: {difference}");
        }
    }

    [Fact]
    public void Animated_WebP_gives_its_first_frame_under_Skia_and_a_clear_refusal_under_ImageSharp()
    {
        byte[] file = FixturePicture.Read("animated.webp");

        Assert.Equal(FixturePicture.Rgb().Pixels, TestPicture.Decode(file, ImageDecoders.Skia).Pixels);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => TestPicture.Decode(file, ImageDecoders.ImageSharp));
        Assert.Contains("Animated", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Jpeg_is_decoded_at_no_less_than_the_wanted_shorter_side(string decoder)
    {
        RgbImage large = TestPicture.Gradient(1500, 1100);
        byte[] file = ImageDecoders.Create(decoder).EncodeJpeg(large, 90);

        RgbImage scaled = TestPicture.Decode(file, decoder, shorterSide: 512);

        Assert.InRange(scaled.Height, 512, 1100);
        Assert.InRange((double)scaled.Width / scaled.Height, 1.35, 1.37);
        Assert.Equal(1100, TestPicture.Decode(file, decoder).Height);
    }

    [Fact]
    public void Skia_shrinks_a_large_jpeg_while_decoding()
    {
        byte[] file = ImageDecoders.Create(ImageDecoders.Skia).EncodeJpeg(TestPicture.Gradient(1500, 1100), 90);

        Assert.Equal((750, 550), (TestPicture.Decode(file, ImageDecoders.Skia, 512).Width, TestPicture.Decode(file, ImageDecoders.Skia, 512).Height));
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Encoded_jpeg_gives_nearly_the_same_picture_back(string decoder)
    {
        RgbImage image = TestPicture.Gradient(321, 123);

        Assert.InRange(TestPicture.MeanDifference(image, TestPicture.Decode(ImageDecoders.Create(decoder).EncodeJpeg(image, 90), decoder)), 0, 1.5);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Name_carries_the_version_of_the_library(string decoder) =>
        Assert.Matches($@"^{decoder}/\d+\.\d+\.\d+$", ImageDecoders.Create(decoder).Name);

    [Fact]
    public void Unknown_decoder_is_refused_with_the_names_that_exist()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => ImageDecoders.Create("vips"));

        Assert.Contains("skia, imagesharp", error.Message, StringComparison.Ordinal);
    }

    private static TheoryData<string, string> Under(params string[] files)
    {
        var data = new TheoryData<string, string>();
        foreach (string file in files)
        {
            foreach (string decoder in ImageDecoders.Names)
            {
                data.Add(file, decoder);
            }
        }

        return data;
    }
}
