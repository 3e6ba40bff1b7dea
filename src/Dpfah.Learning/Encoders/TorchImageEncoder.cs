using Dpfah.Core.Imaging;
using Dpfah.Learning.Explaining;

namespace Dpfah.Learning.Encoders;

/// <summary>Hashes previews with a network in libtorch, and explains their codes on the same thread.</summary>
internal sealed class TorchImageEncoder : IImageEncoder, IImageExplainer
{
    private readonly NetworkExplainer explainer;
    private readonly MicroBatcher<ReadOnlyMemory<byte>, float[], ImageCode> batcher;

    /// <summary>Starts the encoder's thread and warms it up.</summary>
    public TorchImageEncoder(EncoderWorker worker, NetworkExplainer explainer, EncoderIdentity identity, int bits, BatchingOptions batching)
    {
        this.explainer = explainer;
        Identity = identity;
        Bits = bits;
        batcher = new MicroBatcher<ReadOnlyMemory<byte>, float[], ImageCode>(worker, batching, $"encoder {identity.Model[..8]}");
    }

    /// <inheritdoc/>
    public EncoderIdentity Identity { get; }

    /// <inheritdoc/>
    public int Bits { get; }

    /// <inheritdoc/>
    public Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken) =>
        batcher.RunAsync(previewJpeg, priority, cancellationToken);

    /// <inheritdoc/>
    public bool HasAttention => explainer.HasAttention;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<byte[]>> DrawAsync(
        ReadOnlyMemory<byte> previewJpeg, IReadOnlyList<HeatMapTarget> targets, CancellationToken cancellationToken)
    {
        // The network's thread has the network's work only: decoding comes before, colours and PNG after.
        ExplainedPicture picture = explainer.Prepare(previewJpeg, targets);
        IReadOnlyList<HeatMap> maps = await batcher.RunAloneAsync(() => explainer.Explain(picture, targets), cancellationToken);
        return [.. maps.Select(map => OverlayPng.Encode(map, picture.Seen))];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => batcher.DisposeAsync();
}
