using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Decoding;

/// <summary>Makes previews of untrusted bytes, several at a time: in this process, or in others that may die of them.</summary>
internal interface IDecoding
{
    /// <summary>Prepares for the first picture; does not wait for it.</summary>
    /// <exception cref="FileNotFoundException">What decodes is not there.</exception>
    void Start();

    /// <summary>Makes the preview, or says why there is none.</summary>
    /// <param name="request">The picture.</param>
    /// <param name="priority">Who waits for it: pictures of a job do not hold up those of callers.</param>
    /// <param name="cancellationToken">Gives up waiting; a picture that has begun is decoded to its end.</param>
    /// <exception cref="DecodersUnavailableException">Nothing that decodes can be started now.</exception>
    Task<PreviewResult> MakeAsync(DecodeRequest request, EncodePriority priority, CancellationToken cancellationToken);
}
