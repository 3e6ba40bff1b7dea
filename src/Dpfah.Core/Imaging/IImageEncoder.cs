using Dpfah.Core.Codes;

namespace Dpfah.Core.Imaging;

/// <summary>Hashes previews: preview in, code and signature out.</summary>
/// <remarks>
/// Safe to call from many threads; concurrent calls share batches. The same preview gets the same code and signature,
/// bit for bit, whatever else is in its batch.
/// </remarks>
public interface IImageEncoder : IAsyncDisposable
{
    /// <summary>All that a code depends on beside the picture.</summary>
    EncoderIdentity Identity { get; }

    /// <summary>Length of the codes in bits.</summary>
    int Bits { get; }

    /// <summary>Hashes one preview.</summary>
    /// <param name="previewJpeg">The JPEG of a <see cref="Preview"/>.</param>
    /// <param name="priority">Who waits for it.</param>
    /// <param name="cancellationToken">Gives up waiting; a batch that has started runs to its end.</param>
    /// <exception cref="EncoderBusyException">The queue is full; never told to <see cref="EncodePriority.Background"/>, which waits.</exception>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken);

    /// <summary>Hashes one preview that somebody waits for.</summary>
    /// <param name="previewJpeg">The JPEG of a <see cref="Preview"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a batch that has started runs to its end.</param>
    /// <exception cref="EncoderBusyException">The queue is full.</exception>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, CancellationToken cancellationToken) =>
        EncodeAsync(previewJpeg, EncodePriority.Query, cancellationToken);
}

/// <summary>What the network says about one picture.</summary>
/// <param name="Code">Signs of the real code (Eq. 17).</param>
/// <param name="Signature">256 signs of the projected, centred feature: the fine code, for order among equal distances.</param>
/// <param name="RealCode">Real code u, one value a bit.</param>
public sealed record ImageCode(BinaryCode Code, BinaryCode Signature, ReadOnlyMemory<float> RealCode)
{
    /// <summary>Length of every signature in bits.</summary>
    public const int SignatureBits = 256;
}

/// <summary>
/// All that a code depends on beside the picture. Codes of one generation share one identity;
/// codes of two identities must not be mixed without a look at the bits that differ.
/// </summary>
/// <param name="Model">Digest of the model: its tensors and its preprocessing.</param>
/// <param name="Decoder">Name and version of the decoder that reads previews.</param>
/// <param name="Arithmetic">Encoder version, layout, precision, device class and kernel class, such as <c>2/nhwc/fp32/cpu/fma</c>.</param>
public sealed record EncoderIdentity(string Model, string Decoder, string Arithmetic);

/// <summary>The encoder's queue is full; the caller should come back later.</summary>
public sealed class EncoderBusyException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="retryAfter">When a place is likely to be free.</param>
    public EncoderBusyException(TimeSpan retryAfter)
        : base($"The encoder's queue is full. Try again in {retryAfter.TotalSeconds:0} s.") => RetryAfter = retryAfter;

    /// <summary>When a place is likely to be free.</summary>
    public TimeSpan RetryAfter { get; }
}

/// <summary>Opens encoders for models. Its second implementation is the constant-time encoder of the tests.</summary>
public interface IImageEncoderFactory
{
    /// <summary>Loads a model and warms it up.</summary>
    /// <param name="files">The model's two files on local disk.</param>
    /// <exception cref="InvalidDataException">A file is damaged or is no model that this program can run.</exception>
    IImageEncoder Open(Models.ModelFiles files);
}
