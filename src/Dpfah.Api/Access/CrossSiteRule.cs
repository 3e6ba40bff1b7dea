using Dpfah.Api.Http;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Access;

/// <summary>
/// A browser sends simple requests anywhere, and cookies with them: a page from elsewhere could write to the service through it. It
/// also says where requests come from. Where no key is needed, those of other sites are refused; what is carried by a session's
/// cookie must say that it comes from the service's own page. A key in a header is sent by nobody unasked.
/// </summary>
internal static class CrossSiteRule
{
    private const string SecFetchSite = "Sec-Fetch-Site"; // It has no name in the framework yet.

    public static IApplicationBuilder UseCrossSiteRule(this IApplicationBuilder app)
    {
        KeyGate gate = app.ApplicationServices.GetRequiredService<KeyGate>();
        return app.Use((context, next) => IsRefused(context.Request, gate) ? Problems.CrossSite().ExecuteAsync(context) : next(context));
    }

    private static bool IsRefused(HttpRequest request, KeyGate gate)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return false;
        }

        if (request.Path.StartsWithSegments(SessionApi.Path, StringComparison.OrdinalIgnoreCase))
        {
            // A page from elsewhere shall not sign anybody in or out either.
            return FromOwnPage(request) != true;
        }

        return gate.IsOpen
            ? FromOwnPage(request) == false
            : string.IsNullOrEmpty(ApiKeyHandler.ReadHeader(request)) && SessionCookie.Read(request) is not null && FromOwnPage(request) != true;
    }

    /// <summary>Whether a request comes from the service's own page; null when nothing says so or otherwise.</summary>
    private static bool? FromOwnPage(HttpRequest request)
    {
        string? origin = request.Headers[HeaderNames.Origin] is [{ Length: > 0 } sent, ..] ? sent : null;
        bool isForeign = origin is not null && !origin.EndsWith($"://{request.Host}", StringComparison.OrdinalIgnoreCase);
        return request.Headers[SecFetchSite] is [{ Length: > 0 } site, ..]

            // Set by the browser alone, and right behind a proxy that ends TLS; but sent under https and on this machine only.
            ? site switch
            {
                "same-origin" => !isForeign,
                "none" => isForeign ? false : null,
                _ => false,
            }
            : origin is null ? null : origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
