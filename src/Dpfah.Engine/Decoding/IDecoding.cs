using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Decoding;

/// <summary>Makes previews of untrusted bytes, several at a time: in this process, or in others that may die of them.</summary>
internal interface IDecoding
{
    /// <summary>Prepares for the first picture; does not wait for it.</summary>
    /// <exception cref="FileNotFoundException">What decodes is not there.</exception>
    void Start();

    /// <summary>Why nothing can be decoded here at the moment; null when it can.</summary>
    /// <remarks>To be asked again and again, which has it tried again: nobody sends pictures to a service that says so.</remarks>
    string? Check();

    /// <summary>Makes the preview, or says why there is none.</summary>
    /// <param name="request">The picture.</param>
    /// <param name="priority">Who waits for it: pictures of a job do not hold up those of callers.</param>
    /// <param name="cancellationToken">Gives up waiting; a picture that has begun is decoded to its end.</param>
    /// <exception cref="DecodersUnavailableException">Nothing decodes now; never told to <see cref="EncodePriority.Background"/>, which waits.</exception>
    Task<PreviewResult> MakeAsync(DecodeRequest request, EncodePriority priority, CancellationToken cancellationToken);
}
