namespace Dpfah.Learning.Imaging;

/// <summary>A rectangle of pixels inside a picture.</summary>
internal readonly record struct PixelWindow(int Left, int Top, int Width, int Height)
{
    /// <summary>How many pixels it holds.</summary>
    public int Pixels => Width * Height;

    /// <summary>A whole picture.</summary>
    public static PixelWindow Whole(int width, int height) => new(0, 0, width, height);

    /// <summary>The middle of a picture, with the offsets of torchvision's centre crop: a half pixel rounds to even.</summary>
    public static PixelWindow Centre(int imageWidth, int imageHeight, int width, int height) => new(
        (int)Math.Round((imageWidth - width) / 2.0, MidpointRounding.ToEven),
        (int)Math.Round((imageHeight - height) / 2.0, MidpointRounding.ToEven),
        width,
        height);
}
