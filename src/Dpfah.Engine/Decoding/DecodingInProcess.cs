using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Decoding;

/// <summary>Decodes in this process, which a fault in a library of native code would end.</summary>
internal sealed class DecodingInProcess(IPreviewMaker previews) : IDecoding, IDisposable
{
    // A decoded picture of 40 megapixels takes 160 MB: no more of them at once than there are cores.
    private readonly SemaphoreSlim places = new(Environment.ProcessorCount);

    // Places of their own: a query does not wait behind all pictures of an import.
    private readonly BackgroundThreads background = new(Environment.ProcessorCount, "background decoding");

    public void Start()
    {
    }

    public string? Check() => null;

    public async Task<PreviewResult> MakeAsync(DecodeRequest request, EncodePriority priority, CancellationToken cancellationToken)
    {
        if (priority == EncodePriority.Background)
        {
            return await background.RunAsync(() => Make(previews, request), cancellationToken);
        }

        await places.WaitAsync(cancellationToken);
        try
        {
            return Make(previews, request);
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        places.Dispose();
        background.Dispose();
    }

    /// <summary>What is asked for, on this thread.</summary>
    internal static PreviewResult Make(IPreviewMaker previews, DecodeRequest request) =>
        request.MadeBy is null ? previews.Make(request.Bytes) : previews.Adopt(request.Bytes.ToArray(), request.MadeBy);
}
