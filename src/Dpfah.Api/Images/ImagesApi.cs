using System.Buffers.Text;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Api.Search;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Images;

/// <summary>The pictures of a collection.</summary>
internal static class ImagesApi
{
    private const string PositionHeader = "Dpfah-Position";

    private static readonly string[] PostFields = ["id", "labels", "metadata"];
    private static readonly string[] PutFields = ["labels", "metadata"];

    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/collections/{collection}/images").WithTags("Images").WithQueryGuard();
        group.MapPost("", Post)
            .RequireAuthorization(Policies.Indexer)
            .WithName("addImage")
            .WithSummary("Index a picture")
            .WithDescription("Multipart: 'image', and optionally 'id', 'labels' (repeatable) and 'metadata' (a JSON object); or the picture as the body. Without an id the service gives one. 201 for a new picture, 200 for a changed or unchanged one.")
            .TakesPicture(1, PostFields)
            .WithUploadTimeout()
            .ProducesProblems(404, 409, 413, 415, 422);
        group.MapGet("", List)
            .RequireAuthorization(Policies.Reader)
            .WithName("listImages")
            .WithSummary("Browse the pictures in the order in which they came")
            .ProducesProblems(404);
        group.MapPut("/{id}", Put)
            .RequireAuthorization(Policies.Indexer)
            .WithName("putImage")
            .WithSummary("Index a picture under an id, or replace it")
            .WithDescription("As POST, with the id in the path. The same bytes, labels and metadata again change nothing.")
            .TakesPicture(1, PutFields)
            .WithUploadTimeout()
            .ProducesProblems(404, 409, 413, 415, 422);
        group.MapGet("/{id}", Get)
            .RequireAuthorization(Policies.Reader)
            .WithName("getImage")
            .WithSummary("Read a picture's labels, metadata and codes")
            .ProducesProblems(404);
        group.MapPatch("/{id}", Patch)
            .RequireAuthorization(Policies.Indexer)
            .WithName("patchImage")
            .WithSummary("Change a picture's labels and metadata")
            .WithDescription("With If-Match only if the picture is still as the entity tag says.")
            .Accepts<PatchImageRequest>("application/json")
            .ProducesProblems(404, 412, 413, 415);
        group.MapDelete("/{id}", Delete)
            .RequireAuthorization(Policies.Indexer)
            .WithName("deleteImage")
            .WithSummary("Delete a picture")
            .ProducesProblems(404, 412);
        group.MapGet("/{id}/preview", Preview)
            .RequireAuthorization(Policies.Reader)
            .WithName("getPreview")
            .WithSummary("The picture, at most 256 pixels on its shorter side, as JPEG")
            .Produces(StatusCodes.Status200OK, contentType: "image/jpeg")
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblems(404);
        group.MapGet("/{id}/similar", Similar)
            .RequireAuthorization(Policies.Reader)
            .WithName("findSimilar")
            .WithSummary("Pictures like this one, without itself")
            .ProducesProblems(404, 409);
    }

    private static Task<Results<Created<ImageResponse>, Ok<ImageResponse>, ProblemHttpResult>> Post(
        HttpContext context, ImageStore images, SearchService search, string collection, CancellationToken cancellationToken) =>
        WriteAsync(context, images, search, collection, null, cancellationToken);

    private static Task<Results<Created<ImageResponse>, Ok<ImageResponse>, ProblemHttpResult>> Put(
        HttpContext context, ImageStore images, SearchService search, string collection, string id, CancellationToken cancellationToken) =>
        WriteAsync(context, images, search, collection, RawPath.Decode(id), cancellationToken);

    private static async Task<Results<Created<ImageResponse>, Ok<ImageResponse>, ProblemHttpResult>> WriteAsync(
        HttpContext context, ImageStore images, SearchService search, string collection, string? id, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is null)
        {
            return Problems.NoCollection(collection);
        }

        if (id is not null && CatalogueRules.CheckId(id) is { } wrongId)
        {
            return Problems.BadParameter("id", wrongId);
        }

        (PictureBody body, ProblemHttpResult? wrong) = await PictureBody.ReadAsync(
            context.Request, id is null ? PostFields : PutFields, 1, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body.Images.Count == 0)
        {
            return Problems.BadParameter("image", "There is no picture: send one as the multipart field 'image', or as the body.");
        }

        id ??= body.Id ?? Guid.CreateVersion7().ToString("n");
        WriteOutcome outcome = await images.PutAsync(
            collection, id, new ImageInput(body.Images[0], body.Labels, body.Metadata, ReadIfMatch(context.Request)), context.User.Identity?.Name, cancellationToken);
        if (Problem(outcome, collection, id) is { } problem)
        {
            return problem;
        }

        ImageResponse response = Respond(context, collection, outcome);
        return outcome.Status == WriteStatus.Created
            ? TypedResults.Created($"/collections/{collection}/images/{RawPath.Escape(id)}", response)
            : TypedResults.Ok(response);
    }

    private static async Task<Results<Ok<ImageList>, ProblemHttpResult>> List(
        SearchService search,
        ImageReader images,
        string collection,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Pictures a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        [FromQuery, Description("Only pictures that have one of these labels (exact). May be repeated.")] string[]? label,
        CancellationToken cancellationToken)
    {
        if (search.Find(RawPath.Decode(collection)) is not { } index)
        {
            return Problems.NoCollection(RawPath.Decode(collection));
        }

        long after = 0;
        if (cursor is not null && !TryReadCursor(cursor, out after))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        if (RankingResponder.CheckLabels(label) is { } wrong)
        {
            return wrong;
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<ImageRecord> found = await images.ListAsync(
            index.CollectionId, after, count + 1, label ?? [], cancellationToken);
        string? next = found.Count > count ? WriteCursor(found[count - 1].Number) : null;
        return TypedResults.Ok(new ImageList([.. found.Take(count).Select(i => ToResponse(index.Name, i, null))], next));
    }

    private static async Task<Results<Ok<ImageResponse>, ProblemHttpResult>> Get(
        HttpContext context, SearchService search, ImageReader images, string collection, string id, CancellationToken cancellationToken)
    {
        (collection, id) = (RawPath.Decode(collection), RawPath.Decode(id));
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        if (await images.FindAsync(index.CollectionId, id, cancellationToken) is not { } image)
        {
            return Problems.NoImage(collection, id);
        }

        context.Response.Headers.ETag = ToEntityTag(image.Tag);
        return TypedResults.Ok(ToResponse(collection, image, null));
    }

    private static async Task<Results<Ok<ImageResponse>, ProblemHttpResult>> Patch(
        HttpContext context, ImageStore images, SearchService search, string collection, string id, CancellationToken cancellationToken)
    {
        (collection, id) = (RawPath.Decode(collection), RawPath.Decode(id));
        if (search.Find(collection) is null)
        {
            return Problems.NoCollection(collection);
        }

        (PatchImageRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<PatchImageRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body is null || (body.Labels is null && body.Metadata.ValueKind == JsonValueKind.Undefined))
        {
            return Problems.BadBody("There is nothing to change: send JSON with 'labels' (an array of text), 'metadata' (an object or null), or both.");
        }

        if (body.Labels?.Contains(null!) == true || CatalogueRules.CheckLabels(body.Labels ?? []) is not null)
        {
            return Problems.BadParameter("labels", CatalogueRules.CheckLabels([.. body.Labels!.OfType<string>()]) ?? "A label is text, not null.");
        }

        string? metadata = null;
        if (body.Metadata.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)
            && CatalogueRules.CheckMetadata(body.Metadata.GetRawText(), out metadata) is { } wrongMetadata)
        {
            return Problems.BadParameter("metadata", wrongMetadata);
        }

        var patch = new ImagePatch(
            body.Labels, body.Metadata.ValueKind != JsonValueKind.Undefined, metadata, ReadIfMatch(context.Request));
        WriteOutcome outcome = await images.PatchAsync(collection, id, patch, context.User.Identity?.Name, cancellationToken);
        return Problem(outcome, collection, id) is { } problem ? problem : TypedResults.Ok(Respond(context, collection, outcome));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        HttpContext context, ImageStore images, SearchService search, string collection, string id, CancellationToken cancellationToken)
    {
        (collection, id) = (RawPath.Decode(collection), RawPath.Decode(id));
        if (search.Find(collection) is null)
        {
            return Problems.NoCollection(collection);
        }

        WriteOutcome outcome = await images.DeleteAsync(
            collection, id, ReadIfMatch(context.Request), context.User.Identity?.Name, cancellationToken);
        if (Problem(outcome, collection, id) is { } problem)
        {
            return problem;
        }

        context.Response.Headers[PositionHeader] = outcome.Position.ToString();
        return TypedResults.NoContent();
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Preview(
        HttpContext context, SearchService search, ImageReader images, string collection, string id, CancellationToken cancellationToken)
    {
        (collection, id) = (RawPath.Decode(collection), RawPath.Decode(id));
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        if (await images.FindPreviewAsync(index.CollectionId, id, cancellationToken) is not { } preview)
        {
            return Problems.NoImage(collection, id);
        }

        // The picture under an id can be replaced: a client may keep it, and asks whether it is still the same.
        context.Response.Headers.CacheControl = "private, no-cache";
        var tag = new EntityTagHeaderValue($"\"{preview.Sha256[..32]}-{preview.Decoder.Replace('/', '-')}\"");
        return TypedResults.File(preview.Jpeg, "image/jpeg", entityTag: tag);
    }

    private static async Task<Results<Ok<SearchResponse>, ProblemHttpResult>> Similar(
        RankingResponder responder,
        SearchService search,
        ImageReader images,
        string collection,
        string id,
        [AsParameters] RankingQuery query,
        CancellationToken cancellationToken)
    {
        (collection, id) = (RawPath.Decode(collection), RawPath.Decode(id));
        return await responder.AnswerAsync(
            [collection],
            query,
            async Task<Results<Ok<SearchResponse>, ProblemHttpResult>?> (plan) =>
            {
                CollectionIndex index = plan.Collections[0];
                if (await images.FindAsync(index.CollectionId, index.Generation.Id, id, cancellationToken) is { } image)
                {
                    Ranking ranking = RankingResponder.ToRanking(plan, query, image.Code, image.Signature) with { Exclude = image.Number };
                    return await responder.RespondAsync(plan.Collections, ranking, query, null, cancellationToken);
                }

                if (await search.IsBeingSwitchedAsync(index, cancellationToken))
                {
                    return null;
                }

                return Problems.NoImage(collection, id);
            },
            cancellationToken);
    }

    private static ProblemHttpResult? Problem(WriteOutcome outcome, string collection, string id) => outcome.Status switch
    {
        WriteStatus.NoCollection => Problems.NoCollection(collection),
        WriteStatus.NoImage => Problems.NoImage(collection, id),
        WriteStatus.OtherTag => Problems.OtherTag(id),
        WriteStatus.Rejected => Problems.Rejected(outcome.Rejection!),
        _ => null,
    };

    private static ImageResponse Respond(HttpContext context, string collection, WriteOutcome outcome)
    {
        context.Response.Headers.ETag = ToEntityTag(outcome.Image!.Tag);
        context.Response.Headers[PositionHeader] = outcome.Position.ToString();
        return ToResponse(collection, outcome.Image, outcome.Position);
    }

    private static ImageResponse ToResponse(string collection, ImageRecord image, Position? position) => new(
        image.Id,
        image.Labels,
        image.Metadata is null ? null : JsonElement.Parse(image.Metadata),
        image.Code.ToString(),
        image.Signature.ToString(),
        image.Sha256,
        image.PreviewWidth,
        image.PreviewHeight,
        image.CreatedAt,
        image.UpdatedAt,
        RankingResponder.PreviewPath(collection, image.Id),
        position?.ToString());

    private static string ToEntityTag(ImageTag tag) => $"\"{tag.Number}.{tag.Version}\"";

    /// <returns>The states that If-Match names, those left out in which no picture can be; null when it allows any.</returns>
    private static List<ImageTag>? ReadIfMatch(HttpRequest request)
    {
        if (request.Headers.IfMatch.Count == 0)
        {
            return null;
        }

        var tags = new List<ImageTag>();
        foreach (EntityTagHeaderValue tag in request.GetTypedHeaders().IfMatch)
        {
            if (tag.Equals(EntityTagHeaderValue.Any))
            {
                return null;
            }

            if (!tag.IsWeak
                && tag.Tag.AsSpan().Trim('"').ToString().Split('.') is [var number, var version]
                && long.TryParse(number, NumberStyles.None, null, out long itemNumber)
                && long.TryParse(version, NumberStyles.None, null, out long itemVersion))
            {
                tags.Add(new ImageTag(itemNumber, itemVersion));
            }
        }

        return tags;
    }

    private static string WriteCursor(long number) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"i{number}"));

    private static bool TryReadCursor(string cursor, out long number)
    {
        number = 0;
        return Base64Url.IsValid(cursor)
            && Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)) is ['i', .. var digits]
            && long.TryParse(digits, NumberStyles.None, null, out number);
    }
}
