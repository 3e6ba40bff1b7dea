using System.Runtime.InteropServices;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Encoders;

/// <summary>From previews to the features φ of the network.</summary>
/// <param name="backbone">The network; owned by the extractor from here on.</param>
/// <param name="input">The model's preprocessing.</param>
/// <param name="device">The device of the network.</param>
internal sealed class FeatureExtractor(InferenceBackbone backbone, NetworkInput input, Device device) : IDisposable
{
    private const int BatchSize = 32;

    /// <summary>Floats of one input.</summary>
    public int InputLength => input.Length;

    /// <summary>Decodes a preview and writes the network's input. Safe to call from many threads.</summary>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    public void Prepare(ReadOnlyMemory<byte> previewJpeg, float[] destination) => input.Write(previewJpeg, destination);

    /// <summary>Features of a batch of inputs, in order, 512 floats a picture.</summary>
    public float[] Run(IReadOnlyList<float[]> inputs)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        Tensor images = empty([inputs.Count, 3, input.Side, input.Side], float32);  // (B, 3, side, side)
        Span<float> destination = MemoryMarshal.Cast<byte, float>(images.bytes);
        for (int i = 0; i < inputs.Count; i++)
        {
            inputs[i].CopyTo(destination[(i * InputLength)..]);
        }

        return HashFitting.Floats(backbone.Features(images.to(device)));            // (B, 512)
    }

    /// <summary>Features of many previews.</summary>
    /// <param name="previews">JPEG files.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <returns>Shape (previews, 512), on the CPU; the caller owns it.</returns>
    public Tensor Extract(IReadOnlyList<byte[]> previews, Action<double>? progress, CancellationToken cancellationToken)
    {
        var features = new float[previews.Count * ResNet18.FeatureLength];
        float[][] inputs = [.. Enumerable.Range(0, Math.Min(BatchSize, previews.Count)).Select(_ => new float[InputLength])];
        for (int start = 0; start < previews.Count; start += BatchSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(BatchSize, previews.Count - start);
            Parallel.For(0, count, i => Prepare(previews[start + i], inputs[i]));
            Run(inputs[..count]).CopyTo(features.AsSpan(start * ResNet18.FeatureLength));
            progress?.Invoke((double)(start + count) / previews.Count);
        }

        return tensor(features, [previews.Count, ResNet18.FeatureLength]);
    }

    public void Dispose() => backbone.Dispose();
}
