using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Dpfah.Api.Http;

/// <summary>
/// Keeps the segments of a path apart as the client encoded them, so that a picture's id may hold any printable character:
/// '/' (a path in an archive), '%', even '..'. The server decodes a path before routing sees it, which folds <c>%2E%2E</c>
/// away and makes <c>%2F</c> and <c>%252F</c> the same.
/// </summary>
/// <remarks>Behind this step a route value has '%' as <c>%25</c> and '/' as <c>%2F</c>; <see cref="Decode"/> takes both back.</remarks>
internal static class RawPath
{
    private const string Prefix = "/collections/";

    /// <summary>Adds the step, behind the one that takes the path base off.</summary>
    public static IApplicationBuilder UseRawPath(this IApplicationBuilder app) =>
        app.Use((context, next) =>
        {
            string raw = WithoutBase(InOriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget), context.Request.PathBase);
            if (raw.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                context.Request.Path = new PathString(Encode(raw));
            }

            return next(context);
        });

    /// <summary>A route value as the client meant it.</summary>
    public static string Decode(string routeValue) =>
        routeValue.Replace("%2F", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);

    /// <summary>An id as a segment of a URL, so that no client folds it away.</summary>
    public static string Escape(string id) => id is "." or ".." ? id.Replace(".", "%2E", StringComparison.Ordinal) : Uri.EscapeDataString(id);

    /// <summary>A client may name the whole URL, as it does to a proxy (RFC 9112, section 3.2.2).</summary>
    private static string InOriginForm(string target)
    {
        int authority = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        int path = authority < 0 ? -1 : target.IndexOf('/', authority + "://".Length);
        return path < 0 ? target : target[path..];
    }

    private static string WithoutBase(string target, PathString pathBase) =>
        pathBase is { HasValue: true, Value: var path } && target.StartsWith($"{path}/", StringComparison.OrdinalIgnoreCase) ? target[path.Length..] : target;

    private static string Encode(string rawTarget)
    {
        int query = rawTarget.IndexOf('?', StringComparison.Ordinal);
        ReadOnlySpan<char> path = query < 0 ? rawTarget : rawTarget.AsSpan(0, query);
        var encoded = new StringBuilder(path.Length);
        foreach (Range segment in path[1..].Split('/'))
        {
            encoded.Append('/').Append(
                Uri.UnescapeDataString(path[1..][segment])
                    .Replace("%", "%25", StringComparison.Ordinal)
                    .Replace("/", "%2F", StringComparison.Ordinal));
        }

        return encoded.ToString();
    }
}
