using Dpfah.Api.Http;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using MapResult = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.FileContentHttpResult,
    Microsoft.AspNetCore.Http.HttpResults.StatusCodeHttpResult,
    Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult>;

namespace Dpfah.Api.Explanations;

/// <summary>What the answers with one heat map share.</summary>
internal sealed class HeatMapResponder(SearchService search, ImageReader images, PictureEncoder pictures)
{
    /// <summary>Answers with a heat map of a picture of a collection, or with 304 where the caller has it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="id">Id of the picture.</param>
    /// <param name="generation">Number of a generation that answers or is ready to; null for the one that answers.</param>
    /// <param name="choose">Says what the map shows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<MapResult> RespondAsync(
        HttpContext context,
        string collection,
        string id,
        int? generation,
        Func<CollectionIndex, GenerationInfo, Task<(HeatMapTarget? Target, ProblemHttpResult? Problem)>> choose,
        CancellationToken cancellationToken)
    {
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        if (FindGeneration(index, generation) is not { } asked)
        {
            return Problems.NoReadyGeneration(collection, generation!.Value);
        }

        if (await images.FindPreviewAsync(index.CollectionId, id, cancellationToken) is not { } preview)
        {
            return Problems.NoImage(collection, id);
        }

        await using ExplainerUse? use = await pictures.UseExplainerAsync(asked.ModelId, cancellationToken);
        if (use?.Explainer is not { } explainer)
        {
            return Problems.CannotExplain(asked.ModelName);
        }

        (HeatMapTarget? target, ProblemHttpResult? wrong) = await choose(index, asked);
        if (target is null)
        {
            return wrong!;
        }

        if (target.BitWeights is null && !explainer.HasAttention)
        {
            return Problems.NoAttention(asked.ModelName);
        }

        // The picture under an id can be replaced: a client may keep its map, and asks whether it is still the same.
        context.Response.Headers.CacheControl = "private, no-cache";
        EntityTagHeaderValue tag = HeatMapTag.Of(preview.Jpeg, explainer.Identity, target);
        if (HeatMapTag.IsKnown(context.Request, tag))
        {
            context.Response.Headers.ETag = tag.ToString();
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        IReadOnlyList<byte[]> maps = await explainer.DrawAsync(preview.Jpeg, [target], cancellationToken);
        return TypedResults.File(maps[0], "image/png", entityTag: tag);
    }

    /// <summary>A picture with its code, or the problem.</summary>
    /// <param name="index">The collection.</param>
    /// <param name="generation">The generation of the code.</param>
    /// <param name="id">Id of the picture.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(ImageRecord? Image, ProblemHttpResult? Problem)> FindAsync(
        CollectionIndex index, GenerationInfo generation, string id, CancellationToken cancellationToken)
    {
        if (await images.FindAsync(index.CollectionId, generation.Id, id, cancellationToken) is { } image)
        {
            return (image, null);
        }

        return await search.IsBeingSwitchedAsync(index, cancellationToken)
            ? throw new NotReadyException($"Collection '{index.Name}' is being switched to another generation of codes at this moment. Ask again.")
            : (null, Problems.NoImage(index.Name, id));
    }

    private GenerationInfo? FindGeneration(CollectionIndex index, int? generation) =>
        generation is null || generation == index.Generation.Id
            ? index.Generation
            : search.LiveBeside(index).FirstOrDefault(live => live.IsReady && live.Generation.Id == generation)?.Generation;
}
