namespace Dpfah.Learning.Imaging;

/// <summary>The part of a preview that the network sees: a window in the resized picture.</summary>
/// <param name="Width">Width of the preview in pixels.</param>
/// <param name="Height">Height of the preview in pixels.</param>
/// <param name="ResizedWidth">Width of the resized picture.</param>
/// <param name="ResizedHeight">Height of the resized picture.</param>
/// <param name="Window">What is cut out of the resized picture.</param>
internal readonly record struct SeenPart(int Width, int Height, int ResizedWidth, int ResizedHeight, PixelWindow Window)
{
    /// <summary>Where the middle of a column of the preview lies in the window: from 0 (left edge) to 1 (right edge), beyond when it is not seen.</summary>
    public double Across(int x) => (((x + 0.5) * ResizedWidth / Width) - Window.Left) / Window.Width;

    /// <summary>Where the middle of a row of the preview lies in the window: from 0 (upper edge) to 1 (lower edge), beyond when it is not seen.</summary>
    public double Down(int y) => (((y + 0.5) * ResizedHeight / Height) - Window.Top) / Window.Height;
}
