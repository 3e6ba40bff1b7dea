namespace Dpfah.Core.Imaging;

/// <summary>Shows on a picture where its code comes from. An encoder that can do so implements it beside <see cref="IImageEncoder"/>.</summary>
/// <remarks>Safe to call from many threads. The same preview and targets give the same files, byte for byte.</remarks>
public interface IImageExplainer
{
    /// <summary>All that a map depends on beside the picture and the target.</summary>
    EncoderIdentity Identity { get; }

    /// <summary>Whether the network has an attention to show.</summary>
    bool HasAttention { get; }

    /// <summary>Draws heat maps of one picture.</summary>
    /// <param name="previewJpeg">The JPEG of a <see cref="Preview"/>.</param>
    /// <param name="targets">What the maps show; <see cref="HeatMapTarget.Attention"/> only where there is one.</param>
    /// <param name="cancellationToken">Gives up waiting; a drawing that has started runs to its end.</param>
    /// <returns>
    /// One PNG a target, as large as the preview, to be laid over it: transparent where the network does not see the picture, elsewhere
    /// half covered by colours from black (nothing comes from here) to light yellow (most does).
    /// </returns>
    /// <exception cref="EncoderBusyException">Too many explanations are waiting.</exception>
    /// <exception cref="InvalidDataException">The bytes are no preview that the decoder can read.</exception>
    /// <exception cref="ArgumentException">A target is the attention that is not there, or has another number of weights than codes have bits.</exception>
    Task<IReadOnlyList<byte[]>> DrawAsync(
        ReadOnlyMemory<byte> previewJpeg, IReadOnlyList<HeatMapTarget> targets, CancellationToken cancellationToken);
}
