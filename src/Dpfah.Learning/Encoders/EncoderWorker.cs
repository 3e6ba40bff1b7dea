using System.Collections.Concurrent;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Encoders;

/// <summary>Previews to codes, a batch at a time: decoding on many threads, the network on one.</summary>
internal sealed class EncoderWorker(FeatureExtractor extractor, ModelHead head, EncoderOptions options)
    : IBatchWorker<ReadOnlyMemory<byte>, float[], ImageCode>
{
    // An input of 224 x 224 pixels has 0.6 MB: used again, not left to the garbage collector's large object heap.
    private readonly ConcurrentBag<float[]> inputs = [];

    /// <summary>Runs an empty picture alone and in a full batch: the first callers do not wait for kernels to be chosen.</summary>
    public void Start()
    {
        TorchRuntime.SetThreads(options.Threads);
        foreach (int count in (int[])[1, options.Batching.BatchSize])
        {
            extractor.Run([.. Enumerable.Repeat(new float[extractor.InputLength], count)]);
        }

        // Reading the model and folding it took several times its size.
        TorchRuntime.ReturnFreedMemory();
    }

    public float[] Prepare(ReadOnlyMemory<byte> request)
    {
        if (!inputs.TryTake(out float[]? input))
        {
            input = new float[extractor.InputLength];
        }

        extractor.Prepare(request, input);
        return input;
    }

    public IReadOnlyList<ImageCode> Run(IReadOnlyList<float[]> batch)
    {
        float[] features = extractor.Run(batch);
        foreach (float[] input in batch)
        {
            inputs.Add(input);
        }

        return [.. features.Chunk(ResNet18.FeatureLength).Select(Encode)];
    }

    public void Dispose()
    {
        extractor.Dispose();
        TorchRuntime.ReturnFreedMemory();
    }

    private ImageCode Encode(float[] feature)
    {
        float[] realCode = head.HashLayer.RealCode(feature);
        return new ImageCode(BinaryCode.FromSigns(realCode), head.Signature.Of(feature), realCode);
    }
}
