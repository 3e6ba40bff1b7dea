using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Encoders;

/// <summary>Opens models as encoders on one device.</summary>
/// <param name="decoder">Reads the previews.</param>
/// <param name="device">Where the networks compute.</param>
/// <param name="options">Threads, precision, queue and batches.</param>
public sealed class TorchImageEncoderFactory(IImageDecoder decoder, TorchDevice device, EncoderOptions options)
    : IImageEncoderFactory
{
    /// <inheritdoc/>
    public IImageEncoder Open(ModelFiles files)
    {
        options.Batching.ThrowIfInvalid();
        ModelHead head = ModelHead.Read(files.HeadPath);
        InferenceBackbone backbone = OpenBackbone(files.BackbonePath, head.Description.Backbone);
        var identity = new EncoderIdentity(
            head.Description.DigestWith(BackboneFile.Digest(files.HeadPath)), decoder.Name, backbone.Arithmetic);
        var input = new NetworkInput(decoder, head.Description.Preprocessing);
        var worker = new EncoderWorker(new FeatureExtractor(backbone, input), head, options);
        var explainer = new NetworkExplainer(backbone, head.HashLayer, input);
        return new TorchImageEncoder(worker, explainer, identity, head.Description.Bits, options.Batching);
    }

    private InferenceBackbone OpenBackbone(string path, BackboneDescription expected)
    {
        if (expected.Architecture != ResNet18.Architecture)
        {
            throw new InvalidDataException(
                $"The model's backbone is '{expected.Architecture}'; this program runs {ResNet18.Architecture}.");
        }

        string digest = BackboneFile.Digest(path);
        if (digest != expected.Digest)
        {
            throw new InvalidDataException(
                $"The backbone file has the digest {digest}; the model's description names {expected.Digest}.");
        }

        InferenceBackbone backbone = device.IsCpu && options.Precision == NetworkPrecision.Single
            ? new InferenceBackbone(() => FoldedBackbone.Read(path, expected.Attention))
            : InTorch(path, expected.Attention);
        if (backbone.LastStageBlocks == expected.LastStageBlocks)
        {
            return backbone;
        }

        using (backbone)
        {
            throw new InvalidDataException(
                $"The backbone file has {backbone.LastStageBlocks} blocks in its last stage; " +
                $"the model's description says {expected.LastStageBlocks}.");
        }
    }

    private InferenceBackbone InTorch(string path, bool attention)
    {
        using ResNet18 network = BackboneFile.Load(path, attention);
        ThrowIfNotFinite(network);
        return new InferenceBackbone(network, device.Device, options.Precision);
    }

    private static void ThrowIfNotFinite(ResNet18 network)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor values) in BackboneFile.Tensors(network))
        {
            if (!values.isfinite().all().item<bool>())
            {
                throw new InvalidDataException($"The tensor '{name}' of the backbone file has a value that is not finite.");
            }
        }
    }
}
