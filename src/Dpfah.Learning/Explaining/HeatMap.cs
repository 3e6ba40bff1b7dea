using Dpfah.Learning.Imaging;
using ScottPlot;

namespace Dpfah.Learning.Explaining;

/// <summary>How much each place of a picture matters, from 0 to 1.</summary>
public sealed class HeatMap
{
    /// <summary>How much of the colour covers the picture, where no other share is asked.</summary>
    public const double DefaultOpacity = 0.5;

    // Even steps of the map look like even steps of brightness and hue, also to colour-blind eyes.
    private static readonly ScottPlot.Colormaps.Inferno Colours = new ScottPlot.Colormaps.Inferno();

    private readonly float[] values;

    /// <summary>Takes a map.</summary>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="values">width · height values in [0, 1], row by row; not copied.</param>
    /// <exception cref="ArgumentException">The length is another, or a value lies outside [0, 1].</exception>
    public HeatMap(int width, int height, float[] values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)width * height)
        {
            throw new ArgumentException($"{width} x {height} places need as many values, not {values.Length}.", nameof(values));
        }

        int outside = Array.FindIndex(values, value => value is not (>= 0 and <= 1));
        if (outside >= 0)
        {
            throw new ArgumentException($"A heat map has values from 0 to 1; value {outside} is {values[outside]}.", nameof(values));
        }

        Width = width;
        Height = height;
        this.values = values;
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All values, row by row.</summary>
    public IReadOnlyList<float> Values => values;

    /// <summary>The map in another size, by bilinear interpolation between the middles of its places.</summary>
    /// <param name="width">Columns wanted, at least 1.</param>
    /// <param name="height">Rows wanted, at least 1.</param>
    /// <remarks>As torch's <c>interpolate</c> with <c>align_corners=False</c>; beyond the outer middles the edge goes on.</remarks>
    public HeatMap Resize(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var resized = new float[width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                resized[(y * width) + x] = At((x + 0.5) / width, (y + 0.5) / height);
            }
        }

        return new HeatMap(width, height, resized);
    }

    /// <summary>Lays the map, in colours from black (0) by red to light yellow (1), over a picture.</summary>
    /// <param name="picture">The picture that the map explains, as the network saw it: cropped like its input, in any size.</param>
    /// <param name="opacity">Share of the colour in [0, 1]; the picture has the rest.</param>
    public RgbImage Overlay(RgbImage picture, double opacity = DefaultOpacity)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentOutOfRangeException.ThrowIfNegative(opacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(opacity, 1);
        HeatMap map = Resize(picture.Width, picture.Height);
        ReadOnlySpan<byte> source = picture.Pixels;
        var pixels = new byte[source.Length];
        for (int i = 0; i < map.values.Length; i++)
        {
            (byte red, byte green, byte blue) = ColourOf(map.values[i]);
            pixels[3 * i] = Blend(source[3 * i], red);
            pixels[(3 * i) + 1] = Blend(source[(3 * i) + 1], green);
            pixels[(3 * i) + 2] = Blend(source[(3 * i) + 2], blue);
        }

        return new RgbImage(picture.Width, picture.Height, pixels);

        byte Blend(byte under, byte over) => (byte)Math.Round(((1 - opacity) * under) + (opacity * over));
    }

    /// <summary>The value at a point, by bilinear interpolation between the middles of the places around it.</summary>
    /// <param name="across">From 0 (left edge) to 1 (right edge).</param>
    /// <param name="down">From 0 (upper edge) to 1 (lower edge).</param>
    public float At(double across, double down)
    {
        (int left, int right, float toRight) = Around((float)(across * Width), Width);
        (int above, int below, float toBelow) = Around((float)(down * Height), Height);
        float upper = Mix(values[(above * Width) + left], values[(above * Width) + right], toRight);
        float lower = Mix(values[(below * Width) + left], values[(below * Width) + right], toRight);
        return Math.Clamp(Mix(upper, lower, toBelow), 0, 1);
    }

    /// <summary>The colour of a value in [0, 1].</summary>
    internal static (byte Red, byte Green, byte Blue) ColourOf(double value)
    {
        Color color = Colours.GetColor(value);
        return (color.R, color.G, color.B);
    }

    private static float Mix(float first, float second, float share) => first + ((second - first) * share);

    /// <summary>The two places around a point, and how far it is on the way to the second.</summary>
    /// <param name="point">In units of places, from 0 to <paramref name="places"/>; the middle of the first is at 0.5.</param>
    /// <param name="places">How many there are.</param>
    private static (int First, int Second, float Share) Around(float point, int places)
    {
        float position = Math.Clamp(point - 0.5f, 0, places - 1);
        int first = (int)position;
        return (first, Math.Min(first + 1, places - 1), position - first);
    }
}
