using System.Security.Cryptography;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;

namespace Dpfah.TestHost;

/// <summary>
/// Constant-time encoder: SHA-256 of the preview is its signature, and 8 bits of it its code. So few codes that most
/// pictures of a test share theirs with others: order among ties is what is tested most.
/// </summary>
internal sealed class HashEncoder(string decoder, int bits) : IImageEncoder
{
    // Another arithmetic flips the lowest bit of each code, as rounding might.
    private readonly string arithmetic = Environment.GetEnvironmentVariable("DPFAH_TEST_ARITHMETIC") ?? "1";

    public EncoderIdentity Identity => new("hash-64", decoder, arithmetic);

    public int Bits => bits;

    public Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        byte[] hash = SHA256.HashData(previewJpeg.Span);
        var code = new byte[bits / 8];
        code[0] = (byte)(hash[0] ^ (arithmetic == "1" ? 0 : 1));
        return Task.FromResult(new ImageCode(BinaryCode.FromBytes(code), BinaryCode.FromBytes(hash), RealCode(code, hash)));
    }

    /// <summary>The sign is the code's bit, the size comes from the hash.</summary>
    private float[] RealCode(byte[] code, byte[] hash) =>
        [.. Enumerable.Range(0, bits).Select(i => ((code[i / 8] >> (i % 8) & 1) == 0 ? -1 : 1) * (hash[i % hash.Length] + 1) / 256f)];

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
