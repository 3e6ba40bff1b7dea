using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Encoders;

/// <summary>An encoder's worker, with the network in libtorch, that notes how many tensors its thread holds after each batch.</summary>
internal sealed class CountingWorker : IBatchWorker<ReadOnlyMemory<byte>, float[], ImageCode>
{
    private readonly EncoderWorker worker;

    public CountingWorker(ModelFolder model)
    {
        using ResNet18 network = BackboneFile.Load(model.Files.BackbonePath, attention: false);
        var input = new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), model.Description.Preprocessing);
        var extractor = new FeatureExtractor(new InferenceBackbone(network, CPU, NetworkPrecision.BFloat16), input);
        worker = new EncoderWorker(extractor, model.Head, new EncoderOptions { Threads = 1 });
    }

    /// <summary>Tensors of this thread that were made and neither disposed of nor finalized, after each batch.</summary>
    public List<long> LiveTensors { get; } = [];

    public void Start() => worker.Start();

    public float[] Prepare(ReadOnlyMemory<byte> request) => worker.Prepare(request);

    public IReadOnlyList<ImageCode> Run(IReadOnlyList<float[]> batch)
    {
        IReadOnlyList<ImageCode> codes = worker.Run(batch);
        LiveTensors.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        return codes;
    }

    public void Dispose() => worker.Dispose();
}
