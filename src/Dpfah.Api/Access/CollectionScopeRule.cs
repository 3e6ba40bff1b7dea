using Dpfah.Api.Http;
using Microsoft.AspNetCore.Authorization;

namespace Dpfah.Api.Access;

/// <summary>
/// Keeps keys that are for some collections to these. A path with <c>{collection}</c> is answered as if others were not there; any
/// other endpoint is closed to such keys unless it says that it looks after this itself: a new one is not forgotten.
/// </summary>
internal static class CollectionScopeRule
{
    /// <summary>Name of the collection in a path.</summary>
    public const string RouteValue = "collection";

    /// <summary>Adds the rule; after authorization, so that a role that is too low is told first.</summary>
    public static IApplicationBuilder UseCollectionScope(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        CollectionScope scope = CollectionScope.Of(context.User);
        if (scope.IsAll || context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            return next(context);
        }

        if (context.Request.RouteValues.TryGetValue(RouteValue, out object? value) && value is string collection)
        {
            collection = RawPath.Decode(collection);
            return scope.Allows(collection) ? next(context) : Problems.NoCollection(collection).ExecuteAsync(context);
        }

        return endpoint.Metadata.GetMetadata<OpenToLimitedKeys>() is not null || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
            ? next(context)
            : Problems.LimitedKey().ExecuteAsync(context);
    });

    /// <summary>Says of endpoints without a collection in their path that they answer a limited key as far as its collections go.</summary>
    public static TBuilder KeepsToCollections<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new OpenToLimitedKeys());
}

/// <summary>Marks an endpoint that asks <see cref="CollectionScope"/> itself, or that tells nothing of any collection.</summary>
internal sealed class OpenToLimitedKeys;
