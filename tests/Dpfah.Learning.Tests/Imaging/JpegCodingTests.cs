using Dpfah.Core.Imaging;
using Dpfah.Learning.Imaging;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Imaging;

public class JpegCodingTests
{
    [Theory]
    [InlineData("baseline.jpg", true)]
    [InlineData("subsampled.jpg", true)]
    [InlineData("progressive.jpg", true)]
    [InlineData("grey.jpg", true)]
    [InlineData("cmyk.jpg", false)]
    public void Usual_files_are_common_and_those_for_print_are_not(string file, bool isCommon) =>
        Assert.Equal(isCommon, JpegCoding.Read(FixturePicture.Read(file))!.IsCommon);

    [Fact]
    public void Every_sampling_that_Skia_writes_is_common()
    {
        foreach (SKJpegEncoderDownsample sampling in Enum.GetValues<SKJpegEncoderDownsample>())
        {
            JpegCoding coding = JpegCoding.Read(SkiaDecoder.EncodeJpeg(TestPicture.Gradient(50, 40), 90, sampling))!;

            Assert.True(coding.IsCommon, sampling.ToString());
            Assert.Equal(sampling == SKJpegEncoderDownsample.Downsample420, coding.IsOfOurEncoders);
        }
    }

    [Theory]
    [InlineData(0xC0, 8, true)]
    [InlineData(0xC1, 8, true)]
    [InlineData(0xC1, 12, false)]
    [InlineData(0xC3, 8, false)] // lossless
    [InlineData(0xC3, 16, false)]
    [InlineData(0xC5, 8, false)] // differential
    [InlineData(0xC9, 8, false)] // arithmetic codes
    [InlineData(0xCB, 8, false)] // lossless, with them
    public void Only_frames_of_eight_bits_by_Huffman_codes_are_common(int frame, int bits, bool isCommon)
    {
        byte[] file = Handmade((byte)frame, (byte)bits, 0x11, [0, 63, 0]);

        Assert.Equal(isCommon, JpegCoding.Read(file)!.IsCommon);
        if (!isCommon)
        {
            // Before the library is asked: it is not even loaded here.
            using DecodedImage? image = TurboJpeg.Open(file, ImageHeader.Read(file)!, 16);
            Assert.Null(image);
        }
    }

    [Theory]
    [InlineData(0x11, true)]
    [InlineData(0x21, true)]
    [InlineData(0x22, true)]
    [InlineData(0x12, false)]
    [InlineData(0x41, false)]
    [InlineData(0x24, false)]
    public void Only_usual_samplings_are_common(int sampling, bool isCommon) =>
        Assert.Equal(isCommon, JpegCoding.Read(Handmade(0xC0, 8, (byte)sampling, [0, 63, 0]))!.IsCommon);

    [Fact]
    public void Progressive_files_are_common_only_when_every_coefficient_is_known_to_its_last_bit()
    {
        Assert.True(JpegCoding.Read(ProgressiveJpeg.WithoutLastScans(0))!.IsCommon);
        for (int left = 1; left < 10; left++)
        {
            Assert.False(JpegCoding.Read(ProgressiveJpeg.WithoutLastScans(left))!.IsCommon);
        }

        // A bit told twice, and a bit that nobody told before the next.
        Assert.True(JpegCoding.Read(Handmade(0xC2, 8, 0x11, [0, 0, 0], [1, 63, 1], [1, 63, 0x10]))!.IsCommon);
        Assert.False(JpegCoding.Read(Handmade(0xC2, 8, 0x11, [0, 0, 0], [1, 63, 1], [1, 63, 0x10], [1, 63, 0x10]))!.IsCommon);
        Assert.False(JpegCoding.Read(Handmade(0xC2, 8, 0x11, [0, 0, 0], [1, 63, 2], [1, 63, 0x10]))!.IsCommon);
        Assert.False(JpegCoding.Read(Handmade(0xC2, 8, 0x11, [0, 0, 0], [1, 62, 0]))!.IsCommon);
    }

    [Fact]
    public void Headers_that_contradict_each_other_are_not_read()
    {
        byte[] file = Handmade(0xC0, 8, 0x11, [0, 63, 0]);
        int scan = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        byte[] unknown = [.. file], twice = [.. file], outside = [.. file];
        unknown[scan + 5] = 9;
        twice[scan + 7] = twice[scan + 5];
        outside[scan + 12] = 64;

        Assert.All((byte[][])[unknown, twice, outside], bytes => Assert.Null(JpegCoding.Read(bytes)));
        Assert.Null(JpegCoding.Read(file.AsSpan(0, file.Length - 2)));
        Assert.Null(JpegCoding.Read([.. file[..2], .. file[scan..]]));
        Assert.Null(JpegCoding.Read([.. file[..scan], .. file[frame..]]));
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void Previews_that_other_programs_wrote_stay_only_where_they_are_coded_as_ours(string decoder)
    {
        var maker = new PreviewMaker(ImageDecoders.Create(decoder));
        byte[] ours = TestPicture.MakePreview(FixturePicture.Read("rgb.png"), decoder).Jpeg;

        Preview kept = maker.Adopt(ours, "other/1.0").Preview!;

        Assert.Equal(ours, kept.Jpeg);
        Assert.Equal("other/1.0", kept.Decoder);
        foreach (byte[] file in (byte[][])[FixturePicture.Read("progressive.jpg"), ProgressiveJpeg.WithoutLastScans(1), FixturePicture.Read("grey.jpg")])
        {
            Preview made = maker.Adopt(file, "other/1.0").Preview!;

            Assert.Equal(TestPicture.MakePreview(file, decoder).Jpeg, made.Jpeg);
            Assert.Equal(maker.Decoder, made.Decoder);
            Assert.True(maker.IsSound(made));
        }
    }

    [Theory]
    [MemberData(nameof(TestPicture.Decoders), MemberType = typeof(TestPicture))]
    public void A_preview_of_another_process_is_sound_only_in_the_form_of_one_and_in_its_size(string decoder)
    {
        var maker = new PreviewMaker(ImageDecoders.Create(decoder));
        Preview sound = TestPicture.MakePreview(FixturePicture.Read("rgb.png"), decoder);
        byte[] large = ImageDecoders.Create(decoder).EncodeJpeg(TestPicture.Gradient(257, 257), 90);
        Preview[] others =
        [
            sound with { Width = sound.Width + 1 },
            sound with { Jpeg = [] },
            sound with { Jpeg = sound.Jpeg[..^2] },
            sound with { Jpeg = [.. sound.Jpeg, 0] },
            sound with { Jpeg = FixturePicture.Read("rgb.png") },
            sound with { Jpeg = FixturePicture.Read("progressive.jpg") },
            sound with { Jpeg = FixturePicture.Read("baseline.jpg") },
            new Preview(large, 257, 257, sound.Decoder),
        ];

        Assert.True(maker.IsSound(sound));
        Assert.All(others, preview => Assert.False(maker.IsSound(preview)));
    }

    /// <summary>The headers of a picture of 64 x 64 pixels in three components; no scan has data.</summary>
    /// <param name="frame">Marker of the frame.</param>
    /// <param name="bits">Bits a sample.</param>
    /// <param name="sampling">Factors of the first component.</param>
    /// <param name="scans">Of each scan, which has all components, the first and last coefficient, and the bits.</param>
    private static byte[] Handmade(byte frame, byte bits, byte sampling, params byte[][] scans) =>
    [
        0xFF, 0xD8,
        0xFF, frame, 0, 17, bits, 0, 64, 0, 64, 3, 1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0,
        .. scans.SelectMany(part => (byte[])[0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, .. part]),
        0xFF, 0xD9,
    ];
}
