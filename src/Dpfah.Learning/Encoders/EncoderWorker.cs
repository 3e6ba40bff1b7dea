using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Encoders;

/// <summary>Previews to codes, a batch at a time: decoding on many threads, the network on one.</summary>
internal sealed class EncoderWorker(InferenceBackbone backbone, ModelHead head, NetworkInput input, Device device, EncoderOptions options)
    : IBatchWorker<ReadOnlyMemory<byte>, float[], ImageCode>
{
    // An input of 224 x 224 pixels has 0.6 MB: used again, not left to the garbage collector's large object heap.
    private readonly ConcurrentBag<float[]> inputs = [];

    /// <summary>Runs an empty picture alone and in a full batch, so that the first callers do not wait for kernels to be chosen.</summary>
    public void Start()
    {
        TorchRuntime.Initialize(options.Threads);
        foreach (int count in (int[])[1, options.Batching.BatchSize])
        {
            Run([.. Enumerable.Range(0, count).Select(_ => new float[input.Length])]);
        }
    }

    public float[] Prepare(ReadOnlyMemory<byte> request)
    {
        if (!inputs.TryTake(out float[]? prepared))
        {
            prepared = new float[input.Length];
        }

        input.Write(request, prepared);
        return prepared;
    }

    public IReadOnlyList<ImageCode> Run(IReadOnlyList<float[]> batch)
    {
        float[] features = Features(batch);
        foreach (float[] prepared in batch)
        {
            inputs.Add(prepared);
        }

        return [.. features.Chunk(ResNet18.FeatureLength).Select(Encode)];
    }

    public void Dispose() => backbone.Dispose();

    /// <summary>Features of a batch, one after the other.</summary>
    private float[] Features(IReadOnlyList<float[]> batch)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        Tensor images = empty([batch.Count, 3, input.Side, input.Side], float32);   // (B, 3, side, side)
        Span<float> destination = MemoryMarshal.Cast<byte, float>(images.bytes);
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].CopyTo(destination[(i * input.Length)..]);
        }

        return HashFitting.Floats(backbone.Features(images.to(device)));            // (B, 512)
    }

    private ImageCode Encode(float[] feature)
    {
        float[] realCode = head.HashLayer.RealCode(feature);
        return new ImageCode(BinaryCode.FromSigns(realCode), head.Signature.Of(feature), realCode);
    }
}
