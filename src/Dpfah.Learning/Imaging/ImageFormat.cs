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
