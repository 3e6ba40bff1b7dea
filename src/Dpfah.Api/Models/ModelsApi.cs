using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Core.Models;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.Learning.Losses;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Models;

/// <summary>Models.</summary>
internal static class ModelsApi
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/models").WithTags("Models").WithQueryGuard();
        group.MapGet("", ListAsync)
            .RequireAuthorization(Policies.Reader)
            .KeepsToCollections()
            .WithName("listModels")
            .WithSummary("List the models, with their settings and the collections that use them")
            .ProducesProblems();
        group.MapPost("", ImportAsync)
            .RequireAuthorization(Policies.Admin)
            .WithName("importModel")
            .WithSummary("Store a model that was made elsewhere")
            .WithDescription("Multipart: the file 'head' and, unless a stored model has the same backbone, the file 'backbone', both safetensors. Its name stands in the head. "
                + "201 for a new model, 200 when the same one was there; 422 for files that are no model this service can run: damaged, of other shapes, with values that are not finite, or of another backbone than the head names.")
            .WithMetadata(new RequestSizeLimitAttribute(ModelBody.MaxBytes))
            .WithUploadTimeout()
            .ProducesProblems(409, 413, 422, 507);
        group.MapGet("/{model}", GetAsync)
            .RequireAuthorization(Policies.Reader)
            .KeepsToCollections()
            .WithName("getModel")
            .WithSummary("Read a model's settings, metrics and origin")
            .ProducesProblems(404);
        group.MapGet("/{model}/file", FileAsync)
            .RequireAuthorization(Policies.Reader)
            .KeepsToCollections()
            .WithName("exportModel")
            .WithSummary("A file of a model, as POST /models takes it")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .Produces(StatusCodes.Status304NotModified)
            .WithTransferTimeout()
            .ProducesProblems(404);
        group.MapDelete("/{model}", DeleteAsync)
            .RequireAuthorization(Policies.Admin)
            .WithName("deleteModel")
            .WithSummary("Delete a model with its figures and measurements")
            .WithDescription("409 while a collection has codes of it, and for the model that new collections start with.")
            .ProducesProblems(404, 409);
    }

    private static async Task<Results<Created<ModelResponse>, Ok<ModelResponse>, ProblemHttpResult>> ImportAsync(
        HttpRequest request, ModelCatalogue models, SearchService search, SpoolLimit room, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        using IDisposable held = await room.HoldAsync(request.ContentLength ?? ModelBody.MaxBytes, cancellationToken);
        using var body = new ModelBody();
        if (await body.ReadAsync(request, cancellationToken) is { } wrong)
        {
            return wrong;
        }

        ModelImport import = await models.ImportAsync(
            body.HeadPath!, body.BackbonePath, request.HttpContext.User.Identity?.Name, cancellationToken);
        if (import.Model is not { } model)
        {
            return Problems.BadModel(import.Refusal!);
        }

        ModelResponse response = ToResponse(model.Record, UsersOf(model, search)) with { Parent = model.Parent, Job = model.JobId, Lineage = Parse(model.Lineage) };
        return import.IsOther ? Problems.ModelNameTaken(response.Name)
            : import.Created ? TypedResults.Created($"/models/{response.Name}", response) : TypedResults.Ok(response);
    }

    private static async Task<Results<Ok<ModelResponse>, ProblemHttpResult>> GetAsync(
        ModelCatalogue models, VisibleModels visible, SearchService search, CollectionScope scope, string model, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        model = RawPath.Decode(model);
        if (await visible.FindAsync(model, cancellationToken) is not { } id || await models.FindAsync(model, cancellationToken) is not { } found)
        {
            return await NoModelAsync(visible, model, cancellationToken);
        }

        ModelResponse response = ToResponse(found.Record, [.. UsersOf(found, search).Where(scope.Allows)]);
        bool isParentSeen = found.Parent is null || await visible.FindAsync(found.Parent, cancellationToken) is not null;
        bool isOriginSeen = await visible.IsOriginSeenAsync(id, cancellationToken);
        return TypedResults.Ok(response with
        {
            Parent = isParentSeen ? found.Parent : null,
            Job = isOriginSeen ? found.JobId : null,
            Lineage = isOriginSeen && isParentSeen ? Parse(found.Lineage) : null,
        });
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> FileAsync(
        ModelCatalogue models,
        VisibleModels visible,
        SearchService search,
        string model,
        [FromQuery, Description("'head' (default) or 'backbone'.")] string? part,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        model = RawPath.Decode(model);
        if (part is not (null or "head" or "backbone"))
        {
            return Problems.BadParameter("part", $"'part' is 'head' or 'backbone'; it was '{part}'.");
        }

        return await visible.FindAsync(model, cancellationToken) is not null
            && await models.ReadFileAsync(model, part == "backbone", cancellationToken) is var (file, sha256)
            ? TypedResults.File(
                file, "application/octet-stream", $"{model}.{part ?? "head"}.safetensors", entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{sha256}\""))
            : await NoModelAsync(visible, model, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        HttpContext context, ModelCatalogue models, VisibleModels visible, SearchService search, string model, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        model = RawPath.Decode(model);
        ModelDeletion deletion = await models.DeleteAsync(model, context.User.Identity?.Name, cancellationToken);
        return deletion.Status switch
        {
            ModelDeletionStatus.Deleted => TypedResults.NoContent(),
            ModelDeletionStatus.IsDefault => Problems.ModelIsDefault(model),
            ModelDeletionStatus.HasChildren => Problems.ModelHasChildren(model, deletion.Users),
            ModelDeletionStatus.InUse => Problems.ModelInUse(model, deletion.Users),
            _ => await NoModelAsync(visible, model, cancellationToken),
        };
    }

    private static async Task<ProblemHttpResult> NoModelAsync(VisibleModels models, string model, CancellationToken cancellationToken) =>
        Problems.NoModel(model, (await models.NamesAsync(cancellationToken)).Select(known => known.Key));

    private static string[] UsersOf(ModelDetails model, SearchService search) =>
        [.. search.Collections.Where(c => c.Generation.ModelId == model.Record.Id).Select(c => c.Name)];

    private static JsonElement? Parse(string? lineage) => lineage is null ? null : JsonElement.Parse(lineage);

    private static async Task<Results<Ok<ModelList>, ProblemHttpResult>> ListAsync(
        VisibleModels models,
        SearchService search,
        CollectionScope scope,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Models a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        // The cursor is the number of the last model seen.
        int after = 0;
        if (cursor is not null && !(int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after) && after > 0))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        ILookup<int, string> users = search.Collections.Where(c => scope.Allows(c.Name)).ToLookup(c => c.Generation.ModelId, c => c.Name);
        int count = limit ?? ApiLimits.DefaultLimit;
        List<ModelRecord> found = await models.ListAsync(after, count + 1, cancellationToken);
        return TypedResults.Ok(new ModelList(
            [.. found.Take(count).Select(model => ToResponse(model, [.. users[model.Id]]))],
            found.Count > count ? found[count - 1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static ModelResponse ToResponse(ModelRecord model, string[] collections)
    {
        ModelDescription description = model.Description;
        (BackboneDescription backbone, Preprocessing input) = (description.Backbone, description.Preprocessing);
        return new ModelResponse(
            description.Name,
            description.Method,
            TitleOf(description.Method),
            description.Bits,
            backbone.Attention,
            description.Classes,
            new BackboneResponse(backbone.Architecture, backbone.LastStageBlocks, backbone.Digest),
            new PreprocessingResponse(input.Resize, input.Crop, input.Mean, input.Std),
            description.Parameters,
            description.Metrics,
            model.Digest,
            model.CreatedAt,
            model.IsDefault,
            collections);
    }

    /// <summary>A method without labels has no loss; what is not known keeps its own name.</summary>
    private static string TitleOf(string method) =>
        HashingMethod.All.FirstOrDefault(known => known.Name == method)?.Title
        ?? (method is "itq" or "pca" or "lsh" ? method.ToUpperInvariant() : method);
}
