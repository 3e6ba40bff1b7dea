using Dpfah.Api.Http;
using Dpfah.Engine.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Health;

/// <summary>What an operator's tools ask.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/health").WithTags("Health").AllowAnonymous().DisableRateLimiting().WithQueryGuard();
        group.MapGet("/live", () => TypedResults.Ok(new LiveResponse("live")))
            .WithName("live")
            .WithSummary("Whether the process runs");
        group.MapGet("/ready", Ready)
            .WithName("ready")
            .WithSummary("Whether requests are answered: database, model and index")
            .Produces<ReadyResponse>()
            .Produces<ReadyResponse>(StatusCodes.Status503ServiceUnavailable);
    }

    private static JsonHttpResult<ReadyResponse> Ready(ServiceState state, HttpContext context)
    {
        bool ready = state.IsReady;
        if (!ready)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        StartupStep step = state.Step;
        return TypedResults.Json(
            state.HasStarted && state.DatabaseProblem is { } problem
                ? new ReadyResponse("not ready", "database", $"The database does not answer: {problem}", null)
                : state is { HasStarted: true, IsStopping: false, Lag: { } lag }
                ? new ReadyResponse(
                    "not ready", "index", $"The index has not followed the database for {lag.TotalSeconds:0} s: searches here may miss what was written since.", null)
                : state is { HasStarted: true, IsStopping: false, DecodingProblem: { } undecodable }
                ? new ReadyResponse("not ready", "decoding", $"No process that decodes pictures starts here: {undecodable.TrimEnd('.')}.", null)
                : state is { HasStarted: true, ClusterProblem: { } cluster, IsStopping: false }
                ? new ReadyResponse("not ready", "cluster", cluster, null)
                : new ReadyResponse(ready ? "ready" : "not ready", step.Name, step.Detail, step.Done),
            statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>The process runs.</summary>
/// <param name="Status"><c>live</c>.</param>
public sealed record LiveResponse(string Status);

/// <summary>Whether the service is ready.</summary>
/// <param name="Status"><c>ready</c> or <c>not ready</c>.</param>
/// <param name="Step">The step of the start that is being done, or what stands in the way.</param>
/// <param name="Detail">A sentence.</param>
/// <param name="Done">Share of the step that is done, from 0 to 1, where it is known.</param>
public sealed record ReadyResponse(string Status, string Step, string Detail, double? Done);
