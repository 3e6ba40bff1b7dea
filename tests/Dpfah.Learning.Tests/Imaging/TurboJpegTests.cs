using System.Runtime.InteropServices;
using Dpfah.Learning.Imaging;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Imaging;

/// <summary>JPEGs by the system's libjpeg-turbo, which give what they give without it; where it is not installed, Skia does all.</summary>
public class TurboJpegTests
{
    private static readonly SKJpegEncoderDownsample[] Samplings = Enum.GetValues<SKJpegEncoderDownsample>();
    private static readonly IImageDecoder Decoder = ImageDecoders.Create(ImageDecoders.Skia);

    [Fact]
    public void The_library_is_used_wherever_it_is_installed_and_Skia_elsewhere()
    {
        bool isInstalled = NativeLibrary.TryLoad("libturbojpeg.so.0", out _);
        TestContext.Current.TestOutputHelper?.WriteLine(isInstalled ? "By libjpeg-turbo." : "libjpeg-turbo is not installed: by Skia.");

        Assert.Equal(isInstalled, TurboJpeg.IsUsable);
        if (!isInstalled)
        {
            RgbImage image = TestPicture.Gradient(90, 70);
            Assert.Equal(SkiaDecoder.EncodeJpeg(image, 90, SKJpegEncoderDownsample.Downsample420), Decoder.EncodeJpeg(image, 90));
        }
    }

    [Fact]
    public void Pixels_are_those_of_Skia_at_every_size_sampling_and_scale()
    {
        var random = new Random(4);
        for (int round = 0; round < 150; round++)
        {
            RgbImage image = round % 2 == 0
                ? TestPicture.Noise(random.Next(1, 300), random.Next(1, 300), round)
                : TestPicture.Gradient(random.Next(2, 700), random.Next(2, 700));
            byte[] file = SkiaDecoder.EncodeJpeg(image, random.Next(20, 101), Samplings[round % Samplings.Length]);
            foreach (int shorterSide in new[] { 16, 64, 256, int.MaxValue })
            {
                AssertSame(file, shorterSide, isSound: true);
            }
        }
    }

    [Theory]
    [InlineData("baseline.jpg")]
    [InlineData("subsampled.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("grey.jpg")]
    public void Files_of_other_programs_have_the_same_pixels(string file)
    {
        AssertSame(FixturePicture.Read(file), int.MaxValue, isSound: true);
        AssertSame(FixturePicture.Read(file), 9, isSound: true);
    }

    [Fact]
    public void Files_that_versions_of_the_library_read_differently_are_left_to_Skia()
    {
        // 4:2:2 whose first component has twice the height in place of the width: as many blocks, in another order.
        byte[] tall = SkiaDecoder.EncodeJpeg(TestPicture.Gradient(64, 64), 90, SKJpegEncoderDownsample.Downsample422);
        int frame = tall.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        Assert.Equal(0x21, tall[frame + 11]);
        tall[frame + 11] = 0x12;

        foreach (byte[] file in (byte[][])[tall, ProgressiveJpeg.WithoutLastScans(1), ProgressiveJpeg.WithoutLastScans(4)])
        {
            foreach (int shorterSide in new[] { 9, int.MaxValue })
            {
                ImageHeader header = ImageHeader.Read(file)!;
                using DecodedImage? byLibrary = TurboJpeg.Open(file, header, shorterSide);
                using DecodedImage image = Decoder.Open(file, header, shorterSide);

                Assert.Null(byLibrary);
                Assert.Equal(BySkia(file, shorterSide)!.Pixels, image.ToRgbImage().Pixels);
            }
        }
    }

    [Fact]
    public void Damaged_files_get_the_verdict_of_Skia()
    {
        var random = new Random(5);
        byte[][] files =
        [
            FixturePicture.Read("baseline.jpg"), FixturePicture.Read("progressive.jpg"), FixturePicture.Read("cmyk.jpg"), FixturePicture.Read("grey.jpg"),
            SkiaDecoder.EncodeJpeg(TestPicture.Noise(90, 70, 1), 90, SKJpegEncoderDownsample.Downsample420),
        ];
        for (int round = 0; round < 3000; round++)
        {
            byte[] file = [.. files[round % files.Length]];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                file[random.Next(2, file.Length)] = (byte)random.Next(256);
            }

            AssertSame(file[..(round % 4 == 0 ? random.Next(4, file.Length) : file.Length)], random.Next(2) == 0 ? 20 : int.MaxValue, isSound: false);
        }
    }

    [Fact]
    public void Written_pictures_decode_to_the_pixels_of_those_that_Skia_writes()
    {
        var random = new Random(6);
        for (int round = 0; round < 60; round++)
        {
            RgbImage image = TestPicture.Noise(random.Next(1, 400), random.Next(1, 400), round);
            byte[] ours = Decoder.EncodeJpeg(image, 90), theirs = SkiaDecoder.EncodeJpeg(image, 90, SKJpegEncoderDownsample.Downsample420);

            Assert.Equal(BySkia(theirs, int.MaxValue)!.Pixels, BySkia(ours, int.MaxValue)!.Pixels);
        }
    }

    private static void AssertSame(byte[] file, int shorterSide, bool isSound)
    {
        ImageHeader? header;
        try
        {
            header = ImageHeader.Read(file);
        }
        catch (InvalidDataException)
        {
            return; // No decoder gets to see it.
        }

        if (header is not { Format: ImageFormat.Jpeg, Width: < 2000, Height: < 2000 })
        {
            return;
        }

        using DecodedImage? ours = Open(file, header, shorterSide);
        Assert.True(ours is not null || !isSound);
        if (ours is not null)
        {
            RgbImage? theirs = BySkia(file, shorterSide);
            Assert.NotNull(theirs);
            Assert.Equal((theirs.Width, theirs.Height), (ours.Width, ours.Height));
            if (isSound)
            {
                Assert.Equal(theirs.Pixels, ours.ToRgbImage().Pixels);
            }
        }
    }

    /// <summary>What the library gives, or where it is not installed the decoder.</summary>
    private static DecodedImage? Open(byte[] file, ImageHeader header, int shorterSide)
    {
        try
        {
            return TurboJpeg.IsUsable ? TurboJpeg.Open(file, header, shorterSide) : Decoder.Open(file, header, shorterSide);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static RgbImage? BySkia(byte[] file, int shorterSide)
    {
        try
        {
            using DecodedImage image = SkiaDecoder.OpenBySkia(file, ImageHeader.Read(file)!, shorterSide);
            return image.ToRgbImage();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
