using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Inference;

/// <summary>
/// Feature maps of some pictures, the channels of a pixel side by side, in a frame of zeros: a window that looks over the edge reads
/// zeros and needs no case of its own.
/// </summary>
/// <remarks>The frame is written by nobody; what is stored here again and again has always the same shape.</remarks>
internal sealed unsafe class FeatureMaps
{
    // The largest tile: windows of tiles that stand over the edge stay in the frame.
    private const int Tile = 4;

    private readonly AlignedFloats memory;

    /// <summary>Takes memory.</summary>
    /// <param name="pictures">Most pictures at a time.</param>
    /// <param name="height">Rows of a map.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="channels">Floats of a pixel, a multiple of 16.</param>
    public FeatureMaps(int pictures, int height, int width, int channels)
    {
        (Height, Width, Channels) = (height, width, channels);
        RowStride = (nint)(RoundUp(width) + 2) * channels;
        PictureStride = (RoundUp(height) + 2) * RowStride;
        memory = new AlignedFloats(pictures * PictureStride);
    }

    public int Height { get; }

    public int Width { get; }

    public int Channels { get; }

    /// <summary>Floats from a pixel to the one below it.</summary>
    public nint RowStride { get; }

    /// <summary>Floats from a picture to the next.</summary>
    public nint PictureStride { get; }

    /// <summary>Pixels of a picture.</summary>
    public int Pixels => Height * Width;

    /// <summary>The channels of a pixel; −1 and the height or width are in the frame.</summary>
    public float* At(int picture, int y, int x) =>
        memory.Pointer + (picture * PictureStride) + ((y + 1) * RowStride) + ((nint)(x + 1) * Channels);

    /// <summary>Writes maps as planes, (pictures, C, H, W).</summary>
    /// <param name="count">How many pictures.</param>
    /// <param name="to">Takes them.</param>
    public void CopyPlanes(int count, float* to)
    {
        for (int item = 0; item < count * Height; item++)
        {
            (int picture, int y) = Math.DivRem(item, Height);
            float* plane = to + ((nint)picture * Channels * Pixels) + ((nint)y * Width);
            for (int x = 0; x < Width; x++)
            {
                float* from = At(picture, y, x);
                for (int c = 0; c < Channels; c++)
                {
                    plane[((nint)c * Pixels) + x] = from[c];
                }
            }
        }
    }

    /// <summary>Writes the mean of each map, (pictures, C), summed pixel by pixel.</summary>
    /// <param name="count">How many pictures.</param>
    /// <param name="to">Takes them.</param>
    public void CopyMeans(int count, float* to)
    {
        for (int picture = 0; picture < count; picture++)
        {
            float* means = to + ((nint)picture * Channels);
            new Span<float>(means, Channels).Clear();
            for (int pixel = 0; pixel < Pixels; pixel++)
            {
                float* from = At(picture, pixel / Width, pixel % Width);
                for (int c = 0; c < Channels; c += Vector256<float>.Count)
                {
                    (Vector256.Load(means + c) + Vector256.Load(from + c)).Store(means + c);
                }
            }

            for (int c = 0; c < Channels; c++)
            {
                means[c] /= Pixels;
            }
        }
    }

    private static int RoundUp(int side) => (side + Tile - 1) / Tile * Tile;
}
