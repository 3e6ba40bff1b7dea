using Dpfah.Api.Hosting;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Dpfah.Api.Http;

/// <summary>How long requests may take: their bodies' arrival, their waiting and their work together.</summary>
internal static class Timeouts
{
    private const string Upload = "upload";
    private const string Transfer = "transfer";

    public static IServiceCollection AddTimeouts(this IServiceCollection services, ServiceOptions options) => services.AddRequestTimeouts(timeouts =>
    {
        timeouts.DefaultPolicy = Policy(options.RequestTimeout, nameof(ServiceOptions.RequestTimeout));
        timeouts.AddPolicy(Upload, Policy(options.UploadTimeout, nameof(ServiceOptions.UploadTimeout)));
        timeouts.AddPolicy(Transfer, Policy(options.TransferTimeout, nameof(ServiceOptions.TransferTimeout)));
    });

    /// <summary>The endpoint takes a picture or a model to keep it, or many pictures: <see cref="ServiceOptions.UploadTimeout"/>.</summary>
    public static TBuilder WithUploadTimeout<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequestTimeoutAttribute(Upload));

    /// <summary>The endpoint takes or sends any amount: <see cref="ServiceOptions.TransferTimeout"/>.</summary>
    public static TBuilder WithTransferTimeout<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequestTimeoutAttribute(Transfer));

    /// <summary>The endpoint answers for as long as somebody listens, and looks itself after its end.</summary>
    public static TBuilder WithoutTimeout<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new DisableRequestTimeoutAttribute());

    private static RequestTimeoutPolicy Policy(TimeSpan time, string setting) => new()
    {
        Timeout = time,
        TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
        WriteTimeoutResponse = context =>
        {
            context.Response.Headers.RetryAfter = "1";
            return Problems.TimedOut(time, setting).ExecuteAsync(context);
        },
    };
}
