namespace Dpfah.Learning.Imaging;

/// <summary>The accepted picture formats.</summary>
public enum ImageFormat
{
    /// <summary>JPEG, baseline or progressive.</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>GIF; of an animation the first frame.</summary>
    Gif,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>WebP, lossy or lossless; of an animation the first frame.</summary>
    WebP,
}

/// <summary>The names of formats as people write them.</summary>
internal static class ImageFormatNames
{
    /// <summary>All names, for a sentence.</summary>
    public static string All { get; } = string.Join(", ", Enum.GetValues<ImageFormat>().Select(Text));

    /// <summary>The name of one format.</summary>
    public static string Text(this ImageFormat format) => format == ImageFormat.WebP ? "WebP" : format.ToString().ToUpperInvariant();
}
