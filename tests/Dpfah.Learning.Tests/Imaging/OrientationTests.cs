using System.Buffers.Binary;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

public class OrientationTests
{
    public static TheoryData<int, string> OrientationsAndDecoders()
    {
        var data = new TheoryData<int, string>();
        for (int orientation = 1; orientation <= 8; orientation++)
        {
            foreach (string decoder in ImageDecoders.Names)
            {
                data.Add(orientation, decoder);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(OrientationsAndDecoders))]
    public void Jpeg_preview_is_upright(int orientation, string decoder)
    {
        byte[] jpeg = FixturePicture.Read("baseline.jpg");

        // After the start marker; with either byte order.
        byte[] little = [.. jpeg[..2], .. App1(Exif(orientation, littleEndian: true)), .. jpeg[2..]];
        byte[] big = [.. jpeg[..2], .. App1(Exif(orientation, littleEndian: false)), .. jpeg[2..]];

        AssertUpright(orientation, little, decoder);
        AssertUpright(orientation, big, decoder);
    }

    [Theory]
    [MemberData(nameof(OrientationsAndDecoders))]
    public void Png_preview_is_upright(int orientation, string decoder)
    {
        byte[] png = FixturePicture.Read("rgb.png");
        const int headerEnd = 8 + 25;

        AssertUpright(
            orientation, [.. png[..headerEnd], .. TestPicture.PngChunk("eXIf"u8, Exif(orientation, littleEndian: false)), .. png[headerEnd..]], decoder);
    }

    [Theory]
    [MemberData(nameof(OrientationsAndDecoders))]
    public void WebP_preview_is_upright(int orientation, string decoder)
    {
        // The extended format: canvas, pixels, metadata.
        byte[] simple = FixturePicture.Read("lossless.webp");
        byte[] exif = Exif(orientation, littleEndian: true);
        byte[] canvas = [(byte)'V', (byte)'P', (byte)'8', (byte)'X', 10, 0, 0, 0, 0x08, 0, 0, 0, FixturePicture.Width - 1, 0, 0, FixturePicture.Height - 1, 0, 0];
        byte[] metadata = [(byte)'E', (byte)'X', (byte)'I', (byte)'F', (byte)exif.Length, 0, 0, 0, .. exif];
        byte[] file = [.. simple[..12], .. canvas, .. simple[12..], .. metadata];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);

        AssertUpright(orientation, file, decoder);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(65535)]
    public void Senseless_orientation_counts_as_upright(int orientation)
    {
        byte[] jpeg = FixturePicture.Read("baseline.jpg");
        byte[] file = [.. jpeg[..2], .. App1(Exif(orientation, littleEndian: true)), .. jpeg[2..]];

        Assert.Equal(1, ImageHeader.Read(file)!.Orientation);
    }

    [Fact]
    public void Cut_metadata_counts_as_upright()
    {
        byte[] exif = Exif(6, littleEndian: true);
        Assert.Equal(6, ExifOrientation.Read(exif));

        // The value ends in byte 20; the rest is padding and the link to a next directory.
        for (int length = 0; length < 22; length++)
        {
            Assert.Equal(1, ExifOrientation.Read(exif.AsSpan(0, length)));
        }
    }

    private static void AssertUpright(int orientation, byte[] file, string decoder)
    {
        Preview preview = TestPicture.MakePreview(file, decoder);

        RgbImage expected = Upright(FixturePicture.Rgb(), orientation);
        Assert.Equal((expected.Width, expected.Height), (preview.Width, preview.Height));
        Assert.InRange(TestPicture.MeanDifference(expected, TestPicture.Decode(preview.Jpeg, decoder)), 0, 4);
    }

    /// <summary>By the words of the EXIF standard: which visual sides the first stored row and the first stored column are.</summary>
    private static RgbImage Upright(RgbImage stored, int orientation)
    {
        (string firstRow, string firstColumn) = orientation switch
        {
            1 => ("top", "left"),
            2 => ("top", "right"),
            3 => ("bottom", "right"),
            4 => ("bottom", "left"),
            5 => ("left", "top"),
            6 => ("right", "top"),
            7 => ("right", "bottom"),
            _ => ("left", "bottom"),
        };
        bool turned = firstRow is "left" or "right";
        (int width, int height) = turned ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        return TestPicture.Make(width, height, (x, y) =>
        {
            string acrossFrom = turned ? firstRow : firstColumn;
            string downFrom = turned ? firstColumn : firstRow;
            int across = acrossFrom == "left" ? x : width - 1 - x;
            int down = downFrom == "top" ? y : height - 1 - y;
            ReadOnlySpan<byte> pixel = turned ? stored.Row(across).Slice(3 * down, 3) : stored.Row(down).Slice(3 * across, 3);
            return (pixel[0], pixel[1], pixel[2]);
        });
    }

    private static byte[] App1(byte[] exif)
    {
        byte[] segment = [0xFF, 0xE1, 0, 0, .. "Exif\0\0"u8, .. exif];
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), (ushort)(segment.Length - 2));
        return segment;
    }

    /// <summary>A TIFF structure with one directory of one entry.</summary>
    private static byte[] Exif(int orientation, bool littleEndian)
    {
        byte low = (byte)orientation, high = (byte)(orientation >> 8);
        return littleEndian
            ? [(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, low, high, 0, 0, 0, 0, 0, 0]
            : [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, high, low, 0, 0, 0, 0, 0, 0];
    }
}
