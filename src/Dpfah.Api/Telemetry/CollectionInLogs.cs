using Dpfah.Api.Access;
using Dpfah.Api.Http;

namespace Dpfah.Api.Telemetry;

/// <summary>Names the collection of a request's path in all that is logged on its behalf; the framework names the request itself.</summary>
internal static class CollectionInLogs
{
    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>("collection {Collection}");

    /// <summary>Adds the name, behind the routing.</summary>
    public static void UseCollectionInLogs(this IApplicationBuilder app)
    {
        ILogger logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Dpfah.Api");
        app.Use((context, next) =>
            context.Request.RouteValues.TryGetValue(CollectionScopeRule.RouteValue, out object? value) && value is string collection
                ? WithinAsync(Scope(logger, RawPath.Decode(collection)), context, next)
                : next(context));
    }

    private static async Task WithinAsync(IDisposable? scope, HttpContext context, RequestDelegate next)
    {
        using (scope)
        {
            await next(context);
        }
    }
}
