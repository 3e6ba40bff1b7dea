using System.Buffers;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Imaging;

/// <summary>From a preview to the network's input: the one preprocessing of every door, for indexing, queries and training.</summary>
/// <remarks>
/// After decoding all is integer arithmetic and a table, so the same pixels give the same floats on every machine.
/// Safe to call from many threads.
/// </remarks>
public sealed class NetworkInput
{
    private readonly IImageDecoder decoder;
    private readonly int resize;
    private readonly int crop;
    private readonly float[] normalized;

    /// <summary>Prepares the preprocessing of a model.</summary>
    /// <param name="decoder">Reads the previews.</param>
    /// <param name="preprocessing">The model's preprocessing.</param>
    /// <exception cref="ArgumentException">The preprocessing has a size or a count out of range.</exception>
    public NetworkInput(IImageDecoder decoder, Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (preprocessing.Crop < 1 || preprocessing.Crop > preprocessing.Resize || preprocessing.Mean.Count != 3 || preprocessing.Std.Count != 3)
        {
            throw new ArgumentException("Preprocessing needs 1 <= crop <= resize, three means and three deviations.", nameof(preprocessing));
        }

        this.decoder = decoder;
        resize = preprocessing.Resize;
        crop = preprocessing.Crop;
        normalized = new float[3 * 256];
        for (int i = 0; i < normalized.Length; i++)
        {
            normalized[i] = ((i % 256) - preprocessing.Mean[i / 256]) / preprocessing.Std[i / 256];
        }
    }

    /// <summary>Name and version of the decoder that reads the previews; part of the identity of codes.</summary>
    public string Decoder => decoder.Name;

    /// <summary>Side of the input in pixels.</summary>
    public int Side => crop;

    /// <summary>Floats of one input: 3 · <see cref="Side"/>².</summary>
    public int Length => 3 * crop * crop;

    /// <summary>Decodes a preview and writes the network's input.</summary>
    /// <param name="previewJpeg">The JPEG of a preview.</param>
    /// <param name="destination"><see cref="Length"/> floats: red, green and blue plane, each row by row.</param>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void Write(ReadOnlyMemory<byte> previewJpeg, Span<float> destination) => Write(previewJpeg, destination, out _);

    /// <inheritdoc cref="Write(ReadOnlyMemory{byte}, Span{float})"/>
    /// <param name="previewJpeg">The JPEG of a preview.</param>
    /// <param name="destination"><see cref="Length"/> floats: red, green and blue plane, each row by row.</param>
    /// <param name="seen">The part of the preview that the input shows.</param>
    internal void Write(ReadOnlyMemory<byte> previewJpeg, Span<float> destination, out SeenPart seen)
    {
        ImageHeader? header = ImageHeader.Read(previewJpeg.Span);
        if (header is not { Format: ImageFormat.Jpeg, Orientation: 1 }
            || Math.Min(header.Width, header.Height) > PreviewMaker.ShorterSide
            || Math.Max(header.Width, header.Height) > PreviewMaker.LongestSide)
        {
            throw new InvalidDataException(
                $"A preview is an upright JPEG of at most {PreviewMaker.ShorterSide} x {PreviewMaker.LongestSide} pixels; these bytes are none.");
        }

        header.ThrowIfDamaged();
        using DecodedImage preview = decoder.Open(previewJpeg, header, int.MaxValue);
        WriteCentre(preview, destination);
        (int width, int height) = TriangleResampler.SizeForShorterSide(preview.Width, preview.Height, resize);
        seen = new SeenPart(preview.Width, preview.Height, width, height, PixelWindow.Centre(width, height, crop, crop));
    }

    /// <summary>Writes the network's input of a picture whose pixels are at hand, as those of a data set.</summary>
    /// <param name="image">The picture, upright.</param>
    /// <param name="destination"><see cref="Length"/> floats: red, green and blue plane, each row by row.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void Write(RgbImage image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        WriteCentre(image, destination);
    }

    /// <summary>The same with a random crop in place of the middle one, mirrored every other time: for training.</summary>
    /// <param name="image">The picture, upright.</param>
    /// <param name="random">Decides where to crop, then whether to mirror.</param>
    /// <param name="destination"><see cref="Length"/> floats.</param>
    internal void WriteAugmented(RgbImage image, SeededRandom random, Span<float> destination)
    {
        (int width, int height) = TriangleResampler.SizeForShorterSide(image.Width, image.Height, resize);
        var window = new PixelWindow(random.NextInt(width - crop + 1), random.NextInt(height - crop + 1), crop, crop);
        Write(image, width, height, window, destination);
        if (random.NextInt(2) == 1)
        {
            for (int start = 0; start < destination.Length; start += crop)
            {
                destination.Slice(start, crop).Reverse();
            }
        }
    }

    private void WriteCentre(IPixelRows image, Span<float> destination)
    {
        (int width, int height) = TriangleResampler.SizeForShorterSide(image.Width, image.Height, resize);
        Write(image, width, height, PixelWindow.Centre(width, height, crop, crop), destination);
    }

    private void Write(IPixelRows image, int width, int height, PixelWindow window, Span<float> destination)
    {
        if (destination.Length != Length)
        {
            throw new ArgumentException($"The input has {Length} floats, the destination {destination.Length}.", nameof(destination));
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(Length);
        Span<byte> pixels = buffer.AsSpan(0, Length);
        TriangleResampler.Resize(image, width, height, window, pixels);
        for (int channel = 0; channel < 3; channel++)
        {
            ReadOnlySpan<float> table = normalized.AsSpan(256 * channel, 256);
            Span<float> plane = destination.Slice(channel * window.Pixels, window.Pixels);
            for (int i = 0; i < plane.Length; i++)
            {
                plane[i] = table[pixels[(3 * i) + channel]];
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }
}
