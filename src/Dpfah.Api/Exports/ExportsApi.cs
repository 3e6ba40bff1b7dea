using System.ComponentModel;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Exports;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Exports;

/// <summary>Collections taken out of the service.</summary>
internal static class ExportsApi
{
    private static readonly Dictionary<ExportFormat, (string ContentType, string Extension)> Files = new()
    {
        [ExportFormat.Ndjson] = ("application/x-ndjson", "ndjson"),
        [ExportFormat.Npy] = ("application/octet-stream", "npy"),
        [ExportFormat.Archive] = ("application/x-tar", "tar"),
    };

    public static void MapExports(this IEndpointRouteBuilder routes) => routes.MapGet("/collections/{collection}/export", GetAsync)
        .WithTags("Imports")
        .RequireAuthorization(Policies.Reader)
        .WithQueryGuard()
        .WithName("exportCollection")
        .WithSummary("Take a collection out, as it is at this moment")
        .WithDescription("In the order of the pictures' coming: ids, labels, metadata, codes and signatures as lines of JSON; the codes as a NumPy matrix of one byte a bit; or a tar of the "
            + "previews with a manifest, which POST /collections/{collection}/imports takes back, here or elsewhere, to the same ids, labels, metadata and, under the same model, codes.")
        .Produces(200, contentType: "application/x-ndjson", additionalContentTypes: ["application/octet-stream", "application/x-tar"])
        .WithTransferTimeout()
        .ProducesProblems(404);

    private static async Task<IResult> GetAsync(
        HttpContext context,
        Exporter exporter,
        SearchService search,
        string collection,
        [FromQuery, Description("'ndjson' (default), 'npy' or 'archive'.")] string? format,
        CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        ExportFormat wanted = Files.Keys.FirstOrDefault(known => JsonNamingPolicy.CamelCase.ConvertName(known.ToString()) == (format ?? "ndjson"), (ExportFormat)(-1));
        if (!Files.TryGetValue(wanted, out (string ContentType, string Extension) file))
        {
            return Problems.BadParameter("format", $"'format' is ndjson, npy or archive; it was '{format}'.");
        }

        bool written = await exporter.WriteAsync(
            index.CollectionId,
            wanted,
            () =>
            {
                context.Response.ContentType = file.ContentType;
                context.Response.Headers.ContentDisposition = $"attachment; filename=\"{collection}.{file.Extension}\"";
                return context.Response.Body;
            },
            cancellationToken);
        return written ? Results.Empty : Problems.NoCollection(collection);
    }
}
