using SkiaSharp;

namespace Dpfah.Benchmarks;

/// <summary>What happens to a picture between a catalogue and a query.</summary>
/// <param name="Name">As printed.</param>
/// <param name="Apply">From the decoded picture to the file that is sent.</param>
internal sealed record Distortion(string Name, Func<SKBitmap, byte[]> Apply)
{
    private static readonly SKSamplingOptions Linear = new(SKFilterMode.Linear, SKMipmapMode.Linear);

    /// <summary>The distortions of a photo, from the mildest on.</summary>
    public static IReadOnlyList<Distortion> OfPhotos { get; } =
    [
        new("JPEG quality 50", picture => Jpeg(picture, 50)),
        new("half size", picture => Draw(picture, picture.Width / 2, picture.Height / 2, canvas => canvas.Scale(0.5f))),
        new("10 % cropped", Crop),
        new("mirrored", picture => Draw(picture, picture.Width, picture.Height, canvas => canvas.Scale(-1, 1, picture.Width / 2f, 0))),
        new("rotated by 5 degrees", Rotate),
        new("brightness +20 %", picture => Draw(picture, picture.Width, picture.Height, filter: Brightness(1.2f))),
        new("brightness -20 %", picture => Draw(picture, picture.Width, picture.Height, filter: Brightness(0.8f))),
    ];

    /// <summary>A small picture as a client might send it: enlarged to 256 pixels, JPEG of quality 80.</summary>
    public static IReadOnlyList<Distortion> OfSmallPictures { get; } =
    [
        new("256 px, nearest", picture => Enlarge(picture, new SKSamplingOptions(SKFilterMode.Nearest))),
        new("256 px, linear", picture => Enlarge(picture, new SKSamplingOptions(SKFilterMode.Linear))),
        new("256 px, cubic", picture => Enlarge(picture, new SKSamplingOptions(SKCubicResampler.Mitchell))),
    ];

    /// <summary>A picture that no other number gives: other size, other quality.</summary>
    public static byte[] Variant(byte[] file, int number)
    {
        using SKBitmap bitmap = Decode(file);
        int side = 100 + (number * 37 % 500);
        using SKBitmap scaled = bitmap.Resize(new SKImageInfo(side, side + (number % 97), SKColorType.Rgba8888, SKAlphaType.Opaque), Linear);
        return Jpeg(scaled, 60 + (number % 36));
    }

    /// <summary>The file that is sent in place of another.</summary>
    public byte[] ApplyTo(byte[] file)
    {
        using SKBitmap bitmap = Decode(file);
        return Apply(bitmap);
    }

    /// <summary>Decodes a file, over white.</summary>
    private static SKBitmap Decode(byte[] file)
    {
        using SKBitmap decoded = SKBitmap.Decode(file);
        var opaque = new SKBitmap(decoded.Width, decoded.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(opaque);
        canvas.Clear(SKColors.White);
        canvas.DrawBitmap(decoded, 0, 0, SKSamplingOptions.Default);
        return opaque;
    }

    /// <summary>The middle 90 % of both sides.</summary>
    private static byte[] Crop(SKBitmap picture)
    {
        int width = picture.Width * 9 / 10;
        int height = picture.Height * 9 / 10;
        return Draw(picture, width, height, canvas => canvas.Translate((width - picture.Width) / 2f, (height - picture.Height) / 2f));
    }

    /// <summary>About the centre; the corners that come free are white.</summary>
    private static byte[] Rotate(SKBitmap picture) => Draw(
        picture, picture.Width, picture.Height, canvas => canvas.RotateDegrees(5, picture.Width / 2f, picture.Height / 2f));

    private static byte[] Draw(SKBitmap picture, int width, int height, Action<SKCanvas>? place = null, SKColorFilter? filter = null)
    {
        using var result = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(result);
        using SKImage image = SKImage.FromBitmap(picture);
        using var paint = new SKPaint { ColorFilter = filter };
        canvas.Clear(SKColors.White);
        place?.Invoke(canvas);
        canvas.DrawImage(image, 0, 0, Linear, paint);
        canvas.Flush();
        return Jpeg(result, 95);
    }

    private static byte[] Enlarge(SKBitmap picture, SKSamplingOptions sampling)
    {
        using SKBitmap large = picture.Resize(new SKImageInfo(256, 256, SKColorType.Rgba8888, SKAlphaType.Opaque), sampling);
        return Jpeg(large, 80);
    }

    private static SKColorFilter Brightness(float factor) => SKColorFilter.CreateColorMatrix(
    [
        factor, 0, 0, 0, 0,
        0, factor, 0, 0, 0,
        0, 0, factor, 0, 0,
        0, 0, 0, 1, 0,
    ]);

    private static byte[] Jpeg(SKBitmap picture, int quality)
    {
        using SKData data = picture.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }
}
