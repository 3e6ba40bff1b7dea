using System.Buffers.Binary;
using System.Security.Cryptography;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;

namespace Dpfah.TestHost;

/// <summary>
/// Constant-time encoder: SHA-256 of the preview is its signature, and 8 bits of it its code. So few codes that most
/// pictures of a test share theirs with others: order among ties is what is tested most.
/// </summary>
internal sealed class HashEncoder(string decoder) : IImageEncoder
{
    public const int CodeBits = 64;

    // Another arithmetic flips the lowest bit of each code, as rounding might.
    private readonly string arithmetic = Environment.GetEnvironmentVariable("DPFAH_TEST_ARITHMETIC") ?? "1";

    public EncoderIdentity Identity => new("hash-64", decoder, arithmetic);

    public int Bits => CodeBits;

    public Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        byte[] hash = SHA256.HashData(previewJpeg.Span);
        var code = new byte[CodeBits / 8];
        BinaryPrimitives.WriteUInt64LittleEndian(code, hash[0] ^ (arithmetic == "1" ? 0ul : 1ul));
        return Task.FromResult(new ImageCode(BinaryCode.FromBytes(code), BinaryCode.FromBytes(hash), new float[CodeBits]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
