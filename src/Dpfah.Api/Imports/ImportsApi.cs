using System.ComponentModel;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Api.Jobs;
using Dpfah.Api.OpenApi;
using Dpfah.Engine;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Imports;

/// <summary>Many pictures in one upload.</summary>
internal static class ImportsApi
{
    public static void MapImports(this IEndpointRouteBuilder routes)
    {
        EngineOptions options = routes.ServiceProvider.GetRequiredService<EngineOptions>();
        routes.MapPost("/collections/{collection}/imports", Post)
            .WithTags("Imports")
            .RequireAuthorization(Policies.Indexer)
            .WithQueryGuard()
            .WithName("addImport")
            .WithSummary("Import pictures out of an archive, of lines of JSON, or of a feed")
            .WithDescription("The body is a zip, tar or tar.gz of pictures; NDJSON with 'id', 'image' (base64) or 'url', 'labels' and 'metadata'; or CSV with the columns "
                + "id, url, labels (separated by '|') and metadata. An archive's paths become ids; 'manifest.csv' or 'manifest.ndjson' in its root may name other ids, labels and "
                + "metadata by 'entry'. The upload is stored before the answer 202, so that the job outlives a restart. GET /jobs/{job} tells counts, GET /jobs/{job}/errors what was rejected.")
            .WithMetadata(
                new StreamBodyMetadata(["application/octet-stream", .. ImportFormats.ContentTypes]), new RequestSizeLimitAttribute(options.ImportBytes))
            .WithTransferTimeout()
            .ProducesProblems(404, 413, 415, 507);
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> Post(
        HttpRequest request,
        Importer importer,
        SpoolLimit room,
        SearchService search,
        string collection,
        [FromQuery, Description("'merge' (default) keeps pictures that the upload lacks; 'replace' deletes them, once all of it was read.")] string? mode,
        [FromQuery, Description("'true' only tells counts and rejections, and writes nothing. Default: 'false'.")] string? dryRun,
        [FromQuery, Description("Labels of an archive's pictures: 'auto' (default: the manifest, else the folders), 'folders', 'manifest' or 'none'.")] string? labels,
        CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is null)
        {
            return Problems.NoCollection(collection);
        }

        ProblemHttpResult? wrong = null;
        var options = new ImportOptions(
            Read("labels", labels, LabelSource.Auto, ref wrong), Read("mode", mode, ImportMode.Merge, ref wrong), dryRun == "true");
        if (dryRun is not (null or "true" or "false"))
        {
            wrong ??= Problems.BadParameter("dryRun", $"'dryRun' is true or false; it was '{dryRun}'.");
        }

        if (wrong is not null)
        {
            return wrong;
        }

        // Before its body is read, when it says how long that is.
        await room.CheckAsync(request.ContentLength ?? 0, cancellationToken);
        string? contentType = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) ? type.MediaType.Value : null;
        try
        {
            ImportStart start = await importer.StartAsync(
                collection, request.Body, contentType, options, request.HttpContext.User.Identity?.Name, cancellationToken);
            return start.Status switch
            {
                ImportStartStatus.Queued => JobsApi.Accepted(start.Job!),
                ImportStartStatus.NoCollection => Problems.NoCollection(collection),
                ImportStartStatus.Empty => Problems.BadBody("The body is empty: send an archive, lines of JSON, or a feed as CSV."),
                _ => Problems.NotImportable(contentType),
            };
        }
        catch (BlobTooLargeException error)
        {
            return Problems.TooLarge(error.Limit);
        }
    }

    private static T Read<T>(string name, string? text, T standard, ref ProblemHttpResult? wrong)
        where T : struct, Enum
    {
        if (text is null)
        {
            return standard;
        }

        foreach (T value in Enum.GetValues<T>())
        {
            if (JsonNamingPolicy.CamelCase.ConvertName(value.ToString()) == text)
            {
                return value;
            }
        }

        string known = string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName));
        wrong ??= Problems.BadParameter(name, $"'{name}' is one of {known}; it was '{text}'.");
        return standard;
    }
}
