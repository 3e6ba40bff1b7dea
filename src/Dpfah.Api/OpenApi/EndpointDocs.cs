namespace Dpfah.Api.OpenApi;

/// <summary>What endpoints say about themselves in the OpenAPI document.</summary>
internal static class EndpointDocs
{
    /// <summary>The endpoint takes pictures as multipart or as the raw body.</summary>
    /// <param name="builder">The endpoint.</param>
    /// <param name="withFields">Whether it takes <c>id</c>, <c>labels</c> and <c>metadata</c> beside the picture.</param>
    public static RouteHandlerBuilder TakesPicture(this RouteHandlerBuilder builder, bool withFields = false) =>
        builder.WithMetadata(new PictureBodyMetadata(withFields)).DisableAntiforgery();

    /// <summary>The endpoint answers these statuses with problem details.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (int status in statuses)
        {
            builder.ProducesProblem(status);
        }

        return builder;
    }
}

/// <summary>Marks an endpoint that takes pictures.</summary>
/// <param name="WithFields">Whether it takes <c>id</c>, <c>labels</c> and <c>metadata</c> beside the picture.</param>
internal sealed record PictureBodyMetadata(bool WithFields);
