using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Http;

/// <summary>Lets the service be served under a path of a proxy: what it tells about where things are begins with that path.</summary>
internal static class PathBaseRule
{
    /// <summary>Takes the path off requests of a proxy that passes it on; the answers are the same when it takes it off itself.</summary>
    /// <param name="app">The service.</param>
    /// <param name="pathBase">The path; empty for none.</param>
    public static IApplicationBuilder UsePathBaseRule(this IApplicationBuilder app, PathString pathBase) => !pathBase.HasValue ? app : app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments(pathBase, out PathString rest))
        {
            context.Request.Path = rest;
        }

        context.Request.PathBase = pathBase;
        context.Response.OnStarting(() =>
        {
            // Of what was made; a redirect of the page's files has the path already.
            if (context.Response.StatusCode is StatusCodes.Status201Created or StatusCodes.Status202Accepted
                && context.Response.Headers.Location is [{ } location, ..] && location.StartsWith('/'))
            {
                context.Response.Headers[HeaderNames.Location] = pathBase.Value + location;
            }

            return Task.CompletedTask;
        });
        return next(context);
    });

    /// <summary>Makes sure that nobody can take a path of the service for one under the path base.</summary>
    /// <param name="routes">The service's endpoints.</param>
    /// <param name="pathBase">The path; empty for none.</param>
    /// <exception cref="InvalidOperationException">The service has a path that begins as the path base does.</exception>
    public static void ThrowIfTaken(IEndpointRouteBuilder routes, PathString pathBase)
    {
        if (pathBase.HasValue && routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .FirstOrDefault(endpoint => pathBase.StartsWithSegments("/" + endpoint.RoutePattern.RawText!.Trim('/').Split('/')[0])) is { } taken)
        {
            throw new InvalidOperationException(
                $"Dpfah:{nameof(Hosting.ServiceOptions.PathBase)} begins as a path of the service itself does, '{taken.RoutePattern.RawText}'; it was '{pathBase}'. Take another one.");
        }
    }

    /// <summary>Puts the path before every property that is marked as a <see cref="ServicePathAttribute"/>.</summary>
    /// <param name="json">How answers are written.</param>
    /// <param name="pathBase">The path; empty for none.</param>
    public static void AddPathBase(this JsonSerializerOptions json, PathString pathBase)
    {
        if (!pathBase.HasValue)
        {
            return;
        }

        json.TypeInfoResolver = json.TypeInfoResolver!.WithAddedModifier(type =>
        {
            foreach (JsonPropertyInfo property in type.Properties)
            {
                if (property.AttributeProvider?.IsDefined(typeof(ServicePathAttribute), inherit: false) == true && property.Get is { } get)
                {
                    property.Get = owner => get(owner) is string path && path.StartsWith('/') ? pathBase.Value + path : get(owner);
                }
            }
        });
    }
}

/// <summary>Marks a member of an answer that is a path of this service; other text in it stays as it is.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ServicePathAttribute : Attribute;
