using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Telemetry;

/// <summary>What Prometheus reads.</summary>
internal static class MetricsApi
{
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        IApplicationBuilder scrape = routes.CreateApplicationBuilder();
        scrape.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        RequestDelegate write = scrape.Build();
        routes.MapGet("/metrics", async Task<EmptyHttpResult> (HttpContext context) =>
            {
                await write(context);
                return TypedResults.Empty;
            })
            .WithTags("Health")
            .RequireAuthorization(Policies.Reader)
            .WithQueryGuard()
            .WithName("metrics")
            .WithSummary("Metrics for Prometheus")
            .WithDescription("In Prometheus's text format, of this node. They name collections, so that a key for some collections only is refused.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblems();
    }
}
