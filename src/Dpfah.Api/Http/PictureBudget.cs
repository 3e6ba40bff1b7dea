using Dpfah.Api.Hosting;

namespace Dpfah.Api.Http;

/// <summary>
/// Bounds the bytes of pictures that are in memory at once: a request takes the size that it declares, or the largest, and
/// is refused before its body is read when the budget is spent.
/// </summary>
internal sealed class PictureBudget : IEndpointFilter
{
    private long inFlight;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        long bytes = context.HttpContext.Request.ContentLength ?? ApiLimits.BodyLimit(context.HttpContext);
        try
        {
            if (Interlocked.Add(ref inFlight, bytes) > ApiLimits.MaxPictureBytesInFlight)
            {
                context.HttpContext.Response.Headers.RetryAfter = "1";
                return Problems.EncoderBusy("Many pictures are being read at the moment. Try again in 1 s.");
            }

            return await next(context);
        }
        finally
        {
            Interlocked.Add(ref inFlight, -bytes);
        }
    }
}
