using Dpfah.Api.Http;

namespace Dpfah.Api.OpenApi;

/// <summary>What endpoints say about themselves in the OpenAPI document.</summary>
internal static class EndpointDocs
{
    private static readonly PictureBudget Budget = new();

    /// <summary>The endpoint takes pictures as multipart or as the raw body.</summary>
    /// <param name="builder">The endpoint.</param>
    /// <param name="maxImages">Most pictures in one request.</param>
    /// <param name="fields">The multipart fields that it takes beside <c>image</c>.</param>
    public static RouteHandlerBuilder TakesPicture(this RouteHandlerBuilder builder, int maxImages, params string[] fields) =>
        builder.WithMetadata(new PictureBodyMetadata(maxImages, fields)).AddEndpointFilter(Budget);

    /// <summary>The endpoint answers these statuses with problem details, beside those that any endpoint can answer.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (int status in (int[])[400, 401, 403, .. statuses, 429, 500, 503])
        {
            builder.ProducesProblem(status);
        }

        return builder;
    }
}

/// <summary>Marks an endpoint that takes pictures.</summary>
/// <param name="MaxImages">Most pictures in one request.</param>
/// <param name="Fields">The multipart fields that it takes beside <c>image</c>.</param>
internal sealed record PictureBodyMetadata(int MaxImages, IReadOnlyList<string> Fields);

/// <summary>Marks an endpoint that reads its body as a stream, and tells by its first bytes what it is.</summary>
/// <param name="ContentTypes">Types that say something to it; any is taken.</param>
internal sealed record StreamBodyMetadata(IReadOnlyList<string> ContentTypes);
