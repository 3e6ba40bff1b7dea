using Dpfah.Api.Http;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Access;

/// <summary>
/// Where no key is needed, a page from elsewhere that is open in this machine's browser could write to the service: a
/// browser sends simple requests anywhere. It also says where they come from, and those are refused.
/// </summary>
internal static class CrossSiteRule
{
    public static IApplicationBuilder UseCrossSiteRule(this IApplicationBuilder app) =>
        app.Use((context, next) => IsCrossSite(context.Request) ? Problems.CrossSite().ExecuteAsync(context) : next(context));

    private static bool IsCrossSite(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return false;
        }

        if (request.Headers[HeaderNames.Origin] is [{ Length: > 0 } origin, ..])
        {
            return !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        }

        // The header has no name in the framework yet.
        return request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site", ..];
    }
}
