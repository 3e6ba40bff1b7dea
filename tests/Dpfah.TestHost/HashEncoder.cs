using System.Security.Cryptography;
using System.Text;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;

namespace Dpfah.TestHost;

/// <summary>
/// Constant-time encoder: SHA-256 of the preview is its signature, and 8 bits of it its code. So few codes that most
/// pictures of a test share theirs with others: order among ties is what is tested most.
/// </summary>
/// <param name="decoder">Name of the decoder.</param>
/// <param name="salt">Hashed with the preview, so that two models disagree; empty for none.</param>
/// <param name="bits">Length of its codes.</param>
/// <param name="time">How long a picture takes, one at a time; zero for no time at all.</param>
internal class HashEncoder(string decoder, string salt, int bits, TimeSpan time) : IImageEncoder
{
    private readonly SemaphoreSlim device = new(1);

    // Another arithmetic flips the lowest bit of each code, as rounding might.
    private readonly string arithmetic = Environment.GetEnvironmentVariable("DPFAH_TEST_ARITHMETIC") ?? "1";

    public EncoderIdentity Identity => new("hash-64", decoder, arithmetic);

    public int Bits => bits;

    public async Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (HashEncoding.Gates.TryGetValue(salt, out Task? open))
        {
            await open.WaitAsync(cancellationToken);
        }

        if (time > TimeSpan.Zero)
        {
            await device.WaitAsync(cancellationToken);
            try
            {
                await Task.Delay(time, cancellationToken);
            }
            finally
            {
                device.Release();
            }
        }

        return Hash(previewJpeg.Span, salt, bits, arithmetic == "1" ? 0 : 1);
    }

    /// <summary>The code of a preview.</summary>
    public static ImageCode Hash(ReadOnlySpan<byte> previewJpeg, string salt, int bits, int flipped)
    {
        byte[] hash = SHA256.HashData(salt.Length == 0 ? previewJpeg : [.. previewJpeg, .. Encoding.UTF8.GetBytes(salt)]);
        var code = new byte[bits / 8];
        code[0] = (byte)(hash[0] ^ flipped);
        return new ImageCode(BinaryCode.FromBytes(code), BinaryCode.FromBytes(hash), RealCode(code, hash, bits));
    }

    /// <summary>The sign is the code's bit, the size comes from the hash.</summary>
    private static float[] RealCode(byte[] code, byte[] hash, int bits) =>
        [.. Enumerable.Range(0, bits).Select(i => ((code[i / 8] >> (i % 8) & 1) == 0 ? -1 : 1) * (hash[i % hash.Length] + 1) / 256f)];

    public ValueTask DisposeAsync()
    {
        device.Dispose();
        return ValueTask.CompletedTask;
    }
}
