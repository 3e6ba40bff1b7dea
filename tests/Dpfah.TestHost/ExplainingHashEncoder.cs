using System.Security.Cryptography;
using System.Text;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;

namespace Dpfah.TestHost;

/// <summary>A <see cref="HashEncoder"/> that draws heat maps: those of a network in size and form, with a hash of what they show as values.</summary>
internal sealed class ExplainingHashEncoder(string decoder, string salt, int bits, TimeSpan time, bool attention)
    : HashEncoder(decoder, salt, bits, time), IImageExplainer
{
    private int drawings;

    public bool HasAttention => attention;

    /// <summary>How many maps were drawn.</summary>
    public int Drawings => Volatile.Read(ref drawings);

    public Task<IReadOnlyList<byte[]>> DrawAsync(
        ReadOnlyMemory<byte> previewJpeg, IReadOnlyList<HeatMapTarget> targets, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ImageHeader header = ImageHeader.Read(previewJpeg.Span)!;
        var whole = new SeenPart(header.Width, header.Height, header.Width, header.Height, PixelWindow.Whole(header.Width, header.Height));
        Interlocked.Add(ref drawings, targets.Count);
        return Task.FromResult<IReadOnlyList<byte[]>>([.. targets.Select(target => OverlayPng.Encode(Map(previewJpeg.Span, target), whole))]);
    }

    private static HeatMap Map(ReadOnlySpan<byte> preview, HeatMapTarget target)
    {
        byte[] shown = Encoding.UTF8.GetBytes(target.BitWeights is { } weights ? string.Join(',', weights) : "attention");
        byte[] hash = SHA256.HashData([.. preview, .. shown]);
        return new HeatMap(8, 4, Array.ConvertAll(hash, value => value / 255f));
    }
}
