using System.Diagnostics;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;

namespace Dpfah.TestHost;

/// <summary>The constant-time encoder behind the queue and the batches of the real one: a device with a rate that is known.</summary>
internal sealed class BatchedHashEncoder : IImageEncoder
{
    /// <summary>Environment variable: with it all models are hashed in this way, in as many milliseconds a picture.</summary>
    public const string TimeVariable = "DPFAH_TEST_BATCHED_MS";

    private readonly MicroBatcher<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>, ImageCode> batcher;

    public BatchedHashEncoder(string decoder, string salt, int bits, TimeSpan time)
    {
        (Identity, Bits) = (new EncoderIdentity("hash-64", decoder, "1"), bits);
        batcher = new(new Device(salt, bits, time), new BatchingOptions(), "hash encoder");
    }

    public EncoderIdentity Identity { get; }

    public int Bits { get; }

    public Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken) =>
        batcher.RunAsync(previewJpeg, priority, cancellationToken);

    public ValueTask DisposeAsync() => batcher.DisposeAsync();

    private sealed class Device(string salt, int bits, TimeSpan time) : IBatchWorker<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>, ImageCode>
    {
        public void Start()
        {
        }

        public ReadOnlyMemory<byte> Prepare(ReadOnlyMemory<byte> request) => request;

        public IReadOnlyList<ImageCode> Run(IReadOnlyList<ReadOnlyMemory<byte>> batch)
        {
            long start = Stopwatch.GetTimestamp();
            ImageCode[] codes = [.. batch.Select(preview => HashEncoder.Hash(preview.Span, salt, bits, 0))];
            TimeSpan left = (time * batch.Count) - Stopwatch.GetElapsedTime(start);
            Thread.Sleep(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            return codes;
        }

        public void Dispose()
        {
        }
    }
}
