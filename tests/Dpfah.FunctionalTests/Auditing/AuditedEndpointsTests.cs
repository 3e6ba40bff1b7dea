using System.Collections.Frozen;
using Dpfah.Engine.Auditing;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Auditing;

/// <summary>Every endpoint that deletes or changes, against a table that was reviewed: a new one belongs into the audit, or says here why not.</summary>
public sealed class AuditedEndpointsTests(SqliteService fixture) : IClassFixture<SqliteService>
{
    /// <summary>What the audit calls it.</summary>
    private static readonly FrozenDictionary<string, string> Told = new Dictionary<string, string>
    {
        ["DELETE /collections/{collection}"] = AuditActions.CollectionDeleted,
        ["DELETE /collections/{collection}/generations/{generation}"] = AuditActions.GenerationDeleted,
        ["PUT /collections/{collection}/images/{id}"] = AuditActions.PictureChanged,
        ["PATCH /collections/{collection}/images/{id}"] = AuditActions.PictureChanged,
        ["DELETE /collections/{collection}/images/{id}"] = AuditActions.PictureDeleted,
        ["DELETE /collections/{collection}/feedback/{number}"] = AuditActions.FeedbackDeleted,
        ["DELETE /collections/{collection}/not-duplicates"] = AuditActions.NotDuplicateDeleted,
        ["DELETE /models/{model}"] = AuditActions.ModelDeleted,
        ["DELETE /api-keys/{key}"] = AuditActions.KeyRevoked,
    }.ToFrozenDictionary();

    /// <summary>What changes nothing that was there, with the reason.</summary>
    private static readonly FrozenDictionary<string, string> Untold = new Dictionary<string, string>
    {
        ["PUT /collections/{collection}"] = "makes an empty collection, or does nothing",
        ["DELETE /session"] = "takes a cookie back from the browser that sends it",
    }.ToFrozenDictionary();

    [Fact]
    public void Each_endpoint_that_deletes_or_changes_is_told_by_the_audit_or_was_reviewed()
    {
        IEnumerable<string> endpoints = fixture.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Where(method => method is "DELETE" or "PATCH" or "PUT")
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"));

        Assert.Equal(Told.Keys.Concat(Untold.Keys).Order(StringComparer.Ordinal), endpoints.Order(StringComparer.Ordinal));
        Assert.Empty(Told.Values.Except(AuditActions.All));
    }
}
