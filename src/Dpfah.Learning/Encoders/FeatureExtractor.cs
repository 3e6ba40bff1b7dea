using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;
using static TorchSharp.torch;

namespace Dpfah.Learning.Encoders;

/// <summary>From previews, or pictures of a data set, to the features φ of the network.</summary>
/// <param name="backbone">The network; owned by the extractor from here on.</param>
/// <param name="input">The model's preprocessing.</param>
/// <remarks>Not safe from several threads but for <see cref="Prepare"/>.</remarks>
internal sealed class FeatureExtractor(IFeatureNetwork backbone, NetworkInput input) : IDisposable
{
    private const int BatchSize = 32;

    // The inputs of a batch side by side: used again, as it is large.
    private float[] images = [];

    /// <summary>Floats of one input.</summary>
    public int InputLength => input.Length;

    /// <summary>Decodes a preview and writes the network's input. Safe to call from many threads.</summary>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    public void Prepare(ReadOnlyMemory<byte> previewJpeg, float[] destination) => input.Write(previewJpeg, destination);

    /// <summary>Features of a batch of inputs, in order, 512 floats a picture.</summary>
    public float[] Run(IReadOnlyList<float[]> inputs)
    {
        if (inputs.Count == 1)
        {
            return backbone.Features(inputs[0], 1, input.Side);
        }

        int length = inputs.Count * InputLength;
        if (images.Length < length)
        {
            images = new float[length];
        }

        for (int i = 0; i < inputs.Count; i++)
        {
            inputs[i].CopyTo(images, i * InputLength);
        }

        return backbone.Features(images.AsSpan(0, length), inputs.Count, input.Side);
    }

    /// <summary>Features of many previews.</summary>
    /// <param name="previews">JPEG files.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <returns>Shape (previews, 512), on the CPU; the caller owns it.</returns>
    public Tensor Extract(IReadOnlyList<byte[]> previews, Action<double>? progress, CancellationToken cancellationToken)
    {
        return Extract(previews.Count, (i, input) => Prepare(previews[i], input), progress, cancellationToken);
    }

    /// <summary>Features of pictures of a data set, from their own pixels.</summary>
    /// <inheritdoc cref="Extract(IReadOnlyList{byte[]}, Action{double}?, CancellationToken)"/>
    public Tensor Extract(PictureSet pictures, Action<double>? progress, CancellationToken cancellationToken) =>
        Extract(pictures.Count, (i, destination) => input.Write(pictures.Read(i), destination), progress, cancellationToken);

    private Tensor Extract(int pictures, Action<int, float[]> prepare, Action<double>? progress, CancellationToken cancellationToken)
    {
        var features = new float[pictures * backbone.FeatureLength];
        float[][] inputs = [.. Enumerable.Range(0, Math.Min(BatchSize, pictures)).Select(_ => new float[InputLength])];
        for (int start = 0; start < pictures; start += BatchSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(BatchSize, pictures - start);
            Parallel.For(0, count, i => prepare(start + i, inputs[i]));
            Run(inputs[..count]).CopyTo(features.AsSpan(start * backbone.FeatureLength));
            progress?.Invoke((double)(start + count) / pictures);
        }

        return tensor(features, [pictures, backbone.FeatureLength]);
    }

    public void Dispose() => backbone.Dispose();
}
