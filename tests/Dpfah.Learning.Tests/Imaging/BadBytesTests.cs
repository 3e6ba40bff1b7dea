using System.Buffers.Binary;
using System.Diagnostics;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class BadBytesTests
{
    public static TheoryData<string> NotImages() => new(
        "",
        "B",
        "BM is how this text begins, and it is no bitmap.",
        "This is a text file called cat.jpg.",
        "<html><img src=cat.jpg></html>",
        "II*\0\u0008\0\0\0 a TIFF file",
        "\0\0\0\u0020ftypavif an AVIF file",
        "RIFF\u0010\0\0\0WAVEfmt a sound");

    [Theory]
    [MemberData(nameof(NotImages))]
    public void Other_bytes_are_not_an_image_and_the_reason_lists_the_formats(string text)
    {
        foreach (string decoder in ImageDecoders.Names)
        {
            PreviewResult result = Make(System.Text.Encoding.Latin1.GetBytes(text), decoder);

            Assert.Equal(ImageRejection.NotAnImage, result.Rejection);
            Assert.Contains("JPEG, PNG, GIF, BMP, WebP", result.Detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(FixturePicture.FilesAndDecoders), MemberType = typeof(FixturePicture))]
    public void Every_truncation_is_refused(string file, string decoder)
    {
        byte[] whole = FixturePicture.Read(file);
        var maker = new PreviewMaker(ImageDecoders.Create(decoder));
        for (int length = 0; length < whole.Length; length++)
        {
            PreviewResult result = maker.Make(whole.AsMemory(0, length));

            // What is left of a cut magic number may be no picture at all; the longest is a bitmap's, 18 bytes.
            bool refused = result.Rejection == ImageRejection.Undecodable || (length < 18 && result.Rejection == ImageRejection.NotAnImage);
            Assert.True(refused, $"{file} cut to {length} bytes: {result.Rejection} {result.Detail}");
        }
    }

    [Theory]
    [InlineData("baseline.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("rgb.png")]
    [InlineData("still.gif")]
    [InlineData("rgb.bmp")]
    [InlineData("lossless.webp")]
    public void Bytes_after_the_end_are_legal(string file)
    {
        byte[] longer = [.. FixturePicture.Read(file), .. "appended by a camera"u8];
        foreach (string decoder in ImageDecoders.Names)
        {
            Assert.Equal(TestPicture.MakePreview(FixturePicture.Read(file), decoder).Jpeg, TestPicture.MakePreview(longer, decoder).Jpeg);
        }
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Png_with_damaged_pixels_is_refused(string decoder)
    {
        byte[] file = TestPicture.ToPng(TestPicture.Noise(64, 64, seed: 3));
        file[file.Length / 2] ^= 0x40;

        AssertUndecodable(file, decoder);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Png_whose_chunks_are_whole_but_hold_too_few_rows_is_refused(string decoder) =>
        AssertUndecodable(TestPicture.Png(64, 64, new byte[10 * ((3 * 64) + 1)]), decoder);

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Huge_png_is_refused_by_its_header(string decoder)
    {
        // Real rows for a part of the picture, a few kB packed.
        byte[] file = TestPicture.Png(60_000, 60_000, new byte[500_000]);
        Assert.InRange(file.Length, 1_000, 10_000);
        var maker = new PreviewMaker(ImageDecoders.Create(decoder));
        maker.Make(file);

        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        PreviewResult result = maker.Make(file);
        watch.Stop();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(ImageRejection.TooManyPixels, result.Rejection);
        Assert.Contains("60000 x 60000", result.Detail, StringComparison.Ordinal);
        Assert.Contains("40 megapixels", result.Detail, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 10_000);

        // The promise is 50 ms, and it takes microseconds; the machine may be busy.
        Assert.InRange(watch.ElapsedMilliseconds, 0, 500);
    }

    [Fact]
    public void Nothing_over_the_limit_reaches_a_decoder()
    {
        var maker = new PreviewMaker(new UntouchableDecoder(), pixelLimit: 1_000);
        foreach (string file in FixturePicture.Files)
        {
            PreviewResult result = maker.Make(FixturePicture.Read(file));

            Assert.Equal(ImageRejection.TooManyPixels, result.Rejection);
            Assert.Contains("48 x 36", result.Detail, StringComparison.Ordinal);
            Assert.Contains("0.001 megapixels", result.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Gif_frame_larger_than_its_screen_counts()
    {
        byte[] file = FixturePicture.Read("still.gif");
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2C, 0, 0, 0, 0, FixturePicture.Width, 0, FixturePicture.Height, 0]);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(frame + 5), 65_535);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(frame + 7), 65_535);

        Assert.Equal(ImageRejection.TooManyPixels, new PreviewMaker(new UntouchableDecoder()).Make(file).Rejection);
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Pictures_without_pixels_and_with_two_sizes_are_refused(string decoder)
    {
        byte[] jpeg = FixturePicture.Read("baseline.jpg");
        int frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        byte[] frameSegment = jpeg[frame..(frame + 2 + BinaryPrimitives.ReadUInt16BigEndian(jpeg.AsSpan(frame + 2)))];
        byte[] flatJpeg = [.. jpeg];
        (flatJpeg[frame + 5], flatJpeg[frame + 6]) = (0, 0);
        byte[] flatBmp = FixturePicture.Read("rgb.bmp");
        BinaryPrimitives.WriteInt32LittleEndian(flatBmp.AsSpan(18), 0);
        byte[] png = FixturePicture.Read("rgb.png");
        byte[][] files =
        [
            TestPicture.Png(0, 5, []),
            TestPicture.Png(5, 0, []),
            TestPicture.Png(0xFFFF_FFFF, 0xFFFF_FFFF, []),
            flatJpeg,
            flatBmp,
            [.. jpeg[..frame], .. frameSegment, .. jpeg[frame..]],
            [.. png[..33], .. png[8..]],
        ];

        foreach (byte[] file in files)
        {
            AssertUndecodable(file, decoder);
        }
    }

    [Theory]
    [MemberData(nameof(FixturePicture.FilesAndDecoders), MemberType = typeof(FixturePicture))]
    public void Random_damage_never_throws(string file, string decoder)
    {
        var random = new Random(5);
        var maker = new PreviewMaker(ImageDecoders.Create(decoder), pixelLimit: 1_000_000);
        byte[] whole = FixturePicture.Read(file);
        for (int round = 0; round < 300; round++)
        {
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 8); i > 0; i--)
            {
                // Half of the hits go to the header.
                damaged[random.Next(random.Next(2) == 0 ? 64 : damaged.Length)] = (byte)random.Next(256);
            }

            PreviewResult result = maker.Make(damaged);

            Assert.Equal(result.Preview is null, result.Rejection is not null);
            Assert.Equal(result.Preview is null, result.Detail.Length > 0);
        }
    }

    private static PreviewResult Make(byte[] bytes, string decoder) => new PreviewMaker(ImageDecoders.Create(decoder)).Make(bytes);

    private static void AssertUndecodable(byte[] file, string decoder)
    {
        PreviewResult result = Make(file, decoder);
        Assert.Equal(ImageRejection.Undecodable, result.Rejection);
        Assert.NotEmpty(result.Detail);
    }

    private sealed class UntouchableDecoder : IImageDecoder
    {
        public string Name => "untouchable/1.0.0";

        public DecodedImage Open(ReadOnlyMemory<byte> file, ImageHeader header, int shorterSide) =>
            throw new InvalidOperationException("The decoder was called.");

        public byte[] EncodeJpeg(RgbImage image, int quality) => throw new InvalidOperationException("The decoder was called.");
    }
}
