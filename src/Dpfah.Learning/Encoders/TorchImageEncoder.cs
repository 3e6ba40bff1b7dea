using Dpfah.Core.Imaging;

namespace Dpfah.Learning.Encoders;

/// <summary>Hashes previews with a network in libtorch.</summary>
internal sealed class TorchImageEncoder : IImageEncoder
{
    private readonly MicroBatcher<ReadOnlyMemory<byte>, float[], ImageCode> batcher;

    /// <summary>Starts the encoder's thread and warms it up.</summary>
    public TorchImageEncoder(EncoderWorker worker, EncoderIdentity identity, int bits, BatchingOptions batching)
    {
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
    public ValueTask DisposeAsync() => batcher.DisposeAsync();
}
