using System.Security.Cryptography;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;

namespace Dpfah.Benchmarks;

/// <summary>Encoders that take next to no time: a code is a digest of the preview.</summary>
internal sealed class ConstantEncoders : IImageEncoderFactory
{
    public EncoderIdentity Identity { get; } = new("constant", "none", "1");

    public IImageEncoder Open(ModelFiles files)
    {
        using FileStream head = File.OpenRead(files.HeadPath);
        return new ConstantEncoder(Identity, ModelDescription.FromJson(SafetensorsFile.Read(head).Metadata[ModelDescription.MetadataKey]).Bits);
    }
}

/// <summary>An encoder that takes next to no time.</summary>
internal sealed class ConstantEncoder(EncoderIdentity identity, int bits) : IImageEncoder
{
    public EncoderIdentity Identity => identity;

    public int Bits => bits;

    public Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken)
    {
        byte[] digest = SHA256.HashData(previewJpeg.Span);
        return Task.FromResult(new ImageCode(BinaryCode.FromBytes(digest.AsSpan(0, bits / 8)), BinaryCode.FromBytes(digest), new float[bits]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Previews that take next to no time: one real one of some kilobytes, whatever comes in.</summary>
internal sealed class CopyingPreviews(IPreviewMaker maker) : IPreviewMaker
{
    private readonly Lazy<Preview> preview = new(
        () => maker.Make(Distortion.OfSmallPictures[^1].ApplyTo(Picture.Sample()[0].Bytes)).Preview!);

    public string Decoder => maker.Decoder;

    public PreviewResult Make(ReadOnlyMemory<byte> imageBytes) => PreviewResult.Accepted(preview.Value);

    public PreviewResult Adopt(byte[] jpeg, string decoder) => Make(jpeg);

    public bool IsSound(Preview preview) => maker.IsSound(preview);
}
