using Microsoft.AspNetCore.Http.Features;

namespace Dpfah.Api.Hosting;

/// <summary>Limits of the HTTP side.</summary>
internal static class ApiLimits
{
    /// <summary>Most bytes of a request's body: 20 MiB.</summary>
    public const long MaxBodyBytes = 20 << 20;

    /// <summary>Most bytes of the body of a batch of searches: 128 MiB.</summary>
    public const long MaxBatchBytes = 128 << 20;

    /// <summary>Most bytes of pictures that are read at once: 512 MiB.</summary>
    public const long MaxPictureBytesInFlight = 512 << 20;

    /// <summary>Streams of jobs' events that are open at once.</summary>
    public const int MaxEventStreams = 256;

    /// <summary>Of these, streams of one key; where none is needed, of one address.</summary>
    public const int MaxEventStreamsPerCaller = 32;

    /// <summary>How long the head of a request may take to arrive: 15 s.</summary>
    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Most bytes of this request's body; known to the server when an error handler has forgotten the endpoint.</summary>
    public static long BodyLimit(HttpContext context) =>
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? MaxBodyBytes;

    /// <summary>Entries of a list when the caller names no number.</summary>
    public const int DefaultLimit = 50;

    /// <summary>Most entries of a list.</summary>
    public const int MaxLimit = 500;
}
