using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Page;

/// <summary>The web page: files that talk to the public API. They hold no secret, so that everybody gets them.</summary>
internal static class WebPage
{
    // Nothing from elsewhere, nothing inline. Pictures that were chosen to search with are blob:, heat maps data:.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Serves the page at the root.</summary>
    public static IApplicationBuilder UseWebPage(this IApplicationBuilder app) => app
        .UseDefaultFiles()
        .UseStaticFiles(new StaticFileOptions { OnPrepareResponse = Prepare });

    private static void Prepare(StaticFileResponseContext context)
    {
        IHeaderDictionary headers = context.Context.Response.Headers;

        // A new version of the service has a new page: a browser asks each time, and is told that nothing has changed.
        headers[HeaderNames.CacheControl] = "no-cache";
        headers[HeaderNames.ContentSecurityPolicy] = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "no-referrer";
    }
}
