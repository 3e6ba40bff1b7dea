namespace Dpfah.Core.Imaging;

/// <summary>Turns untrusted bytes into the canonical preview of a picture, or says why not.</summary>
/// <remarks>Safe to call from many threads.</remarks>
public interface IPreviewMaker
{
    /// <summary>Name and version of the decoder, as recorded with each preview, such as <c>skia/4.155.0</c>.</summary>
    string Decoder { get; }

    /// <summary>Decodes, orients and shrinks a picture to its preview.</summary>
    /// <param name="imageBytes">The file as it came; neither its name nor its content type is trusted.</param>
    PreviewResult Make(ReadOnlyMemory<byte> imageBytes);

    /// <summary>
    /// Takes bytes as a preview that was made before, as one comes back from an export: they are checked and stay as they are. Where they are
    /// coded otherwise than a preview is, their own preview is made, as of any picture.
    /// </summary>
    /// <param name="jpeg">The JPEG of a <see cref="Preview"/>.</param>
    /// <param name="decoder">The decoder that is said to have made it.</param>
    /// <returns>A rejection when the bytes are no picture in the form of a preview.</returns>
    PreviewResult Adopt(byte[] jpeg, string decoder);

    /// <summary>Whether what another process gave as a preview has the form of one, and the size that it says; no pixel is decoded.</summary>
    bool IsSound(Preview preview);
}

/// <summary>
/// The canonical form of a picture: shorter side at most 256 pixels (never enlarged), RGB, JPEG of quality 90, no metadata.
/// Codes are computed from its decoded pixels alone, so every generation can be recomputed from stored previews.
/// </summary>
/// <param name="Jpeg">The JPEG file.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Decoder">The decoder that made it.</param>
public sealed record Preview(byte[] Jpeg, int Width, int Height, string Decoder);

/// <summary>Why bytes were not accepted as a picture.</summary>
public enum ImageRejection
{
    /// <summary>Not one of the accepted picture formats.</summary>
    NotAnImage,

    /// <summary>A picture that cannot be decoded whole: truncated or damaged.</summary>
    Undecodable,

    /// <summary>The header declares more pixels than are accepted.</summary>
    TooManyPixels,

    /// <summary>Decoding it ends the process that does so; told where that is not the service's own.</summary>
    EndedDecoder,

    /// <summary>Decoding it takes too long; told where that can be ended.</summary>
    TooSlow,
}

/// <summary>A preview, or the reason why there is none.</summary>
public sealed class PreviewResult
{
    private PreviewResult(Preview? preview, ImageRejection? rejection, string detail)
    {
        Preview = preview;
        Rejection = rejection;
        Detail = detail;
    }

    /// <summary>The preview; null when the picture was rejected.</summary>
    public Preview? Preview { get; }

    /// <summary>The reason; null when there is a preview.</summary>
    public ImageRejection? Rejection { get; }

    /// <summary>The reason as a sentence for the person who sent the picture; empty when there is a preview.</summary>
    public string Detail { get; }

    /// <summary>A picture that was accepted.</summary>
    public static PreviewResult Accepted(Preview preview) => new(preview, null, "");

    /// <summary>A picture that was rejected.</summary>
    public static PreviewResult Rejected(ImageRejection rejection, string detail) => new(null, rejection, detail);
}
