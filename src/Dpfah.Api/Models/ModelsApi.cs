using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Core.Models;
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
            .WithName("listModels")
            .WithSummary("List the models, with their settings and the collections that use them")
            .ProducesProblems();
    }

    private static async Task<Results<Ok<ModelList>, ProblemHttpResult>> ListAsync(
        ModelReader models,
        SearchService search,
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

        ILookup<int, string> users = search.Collections.ToLookup(c => c.Generation.ModelId, c => c.Name);
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
