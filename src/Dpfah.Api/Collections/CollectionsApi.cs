using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Health;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Collections;

/// <summary>Collections.</summary>
internal static class CollectionsApi
{
    // A small collection is measured within it, so that its health is that of this moment.
    private static readonly TimeSpan HealthPatience = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ShardsPatience = TimeSpan.FromSeconds(10);

    public static void MapCollections(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/collections").WithTags("Collections").WithQueryGuard();
        group.MapGet("", List)
            .RequireAuthorization(Policies.Reader)
            .KeepsToCollections()
            .WithName("listCollections")
            .WithSummary("List the collections")
            .ProducesProblems();
        group.MapGet("/{collection}", Get)
            .RequireAuthorization(Policies.Reader)
            .WithName("getCollection")
            .WithSummary("Read a collection's size, generation, index and the health of its codes")
            .ProducesProblems(404);
        group.MapPut("/{collection}", Put)
            .RequireAuthorization(Policies.Indexer)
            .WithName("putCollection")
            .WithSummary("Make a collection")
            .WithDescription("201 for a new collection, 200 when it was there. A name has 1 to 64 of a-z, 0-9, '-', '_' and '.'. Without a body it starts "
                + "with the default model; 409 when it was there under another model than the one that is named, or spread in another way.")
            .Accepts<PutCollectionRequest>(isOptional: true, "application/json")
            .ProducesProblems(404, 409, 413, 415);
        group.MapPost("/{collection}/reshard", Reshard)
            .RequireAuthorization(Policies.Admin)
            .WithName("reshardCollection")
            .WithSummary("Spread a collection over the nodes of the cluster in another way")
            .WithDescription("Each node goes on searching the shards that there are until all copies of the new ones are in memory: no search fails, and none misses a picture. "
                + "GET /collections/{collection} tells which shards this node searches. 409 where there is no cluster.")
            .Accepts<ReshardRequest>("application/json")
            .ProducesProblems(404, 409, 413, 415);
        group.MapDelete("/{collection}", Delete)
            .RequireAuthorization(Policies.Indexer)
            .WithName("deleteCollection")
            .WithSummary("Delete a collection with all its pictures")
            .ProducesProblems(404);
    }

    private static async Task<Results<Ok<CollectionList>, ProblemHttpResult>> List(
        SearchService search,
        CollectionScope scope,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Collections a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        // The cursor is the last name seen: names are the order.
        if (cursor is not null && CatalogueRules.CheckCollectionName(cursor) is not null)
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<CollectionIndex> found = search.Collections
            .Where(c => scope.Allows(c.Name) && (cursor is null || string.CompareOrdinal(c.Name, cursor) > 0)).Take(count + 1).ToList();
        var items = new List<CollectionResponse>();
        foreach (CollectionIndex one in found.Take(count))
        {
            items.Add(await ToResponseAsync(one, search, null, false, cancellationToken));
        }

        return TypedResults.Ok(new CollectionList(items, found.Count > count ? found[count - 1].Name : null));
    }

    private static async Task<Results<Ok<CollectionResponse>, ProblemHttpResult>> Get(
        SearchService search, HealthService health, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        return search.Find(collection) is { } index
            ? TypedResults.Ok(await ToResponseAsync(index, search, null, true, cancellationToken) with { Health = ToResponse(await health.ReadAsync(index, HealthPatience, cancellationToken)) })
            : Problems.NoCollection(collection);
    }

    private static async Task<Results<Created<CollectionResponse>, Ok<CollectionResponse>, ProblemHttpResult>> Put(
        HttpRequest request, CollectionStore collections, VisibleModels models, SearchService search, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (CatalogueRules.CheckCollectionName(collection) is { } wrong)
        {
            return Problems.BadParameter("collection", wrong);
        }

        (PutCollectionRequest? body, ProblemHttpResult? problem) = await JsonBody.ReadAsync<PutCollectionRequest>(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        _ = search.Collections;
        if (CheckLayout(search, body?.Shards ?? 0, body?.Replicas ?? 1) is { } wrongLayout)
        {
            return wrongLayout;
        }

        ShardLayout? layout = body?.Shards is { } shards and > 0 ? new ShardLayout(shards, body.Replicas ?? 1) : null;
        int? modelId = null;
        if (body?.Model is { } model)
        {
            List<KeyValuePair<string, int>> known = await models.NamesAsync(cancellationToken);
            int at = known.FindIndex(m => m.Key == model);
            if (at < 0)
            {
                return Problems.NoModel(model, known.Select(m => m.Key));
            }

            modelId = known[at].Value;
        }

        (bool created, Position position, GenerationInfo generation, ShardLayout? its) = await collections.CreateAsync(collection, modelId, layout, cancellationToken);
        if (modelId is not null && modelId != generation.ModelId)
        {
            return Problems.OtherModel(collection, generation.ModelName);
        }

        if (body?.Shards is not null && its != layout)
        {
            return Problems.OtherShards(collection, its);
        }

        if (created && layout is not null)
        {
            // Empty shards: they are there in a moment, and the first search finds them.
            await search.WaitForShardsAsync(collection, ShardsPatience, cancellationToken);
        }

        // Committed, though this node's index may not have seen it yet.
        CollectionResponse response = search.Find(collection) is { } index && index.Generation.Id == generation.Id
            ? await ToResponseAsync(index, search, position, false, cancellationToken)
            : new CollectionResponse(collection, 0, ToResponse(generation), [], new IndexResponse(0, 0, new PathsResponse(0, 0, 0, 0)), null, null, position.ToString());
        return created ? TypedResults.Created($"/collections/{collection}", response) : TypedResults.Ok(response);
    }

    private static async Task<Results<Accepted<ReshardResponse>, ProblemHttpResult>> Reshard(
        HttpContext context, CollectionStore collections, SearchService search, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is null)
        {
            return Problems.NoCollection(collection);
        }

        (ReshardRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<ReshardRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.Shards is not { } shards)
        {
            return Problems.BadParameter("shards", $"'shards' is missing: 1 to {ShardLayout.MaxShards}, or 0 for a collection that every node holds whole.");
        }

        int replicas = body.Replicas ?? 1;
        if (CheckLayout(search, shards, replicas) is { } wrongLayout)
        {
            return wrongLayout;
        }

        ShardLayout? layout = shards == 0 ? null : new ShardLayout(shards, replicas);
        return await collections.ReshardAsync(collection, layout, context.User.Identity?.Name, cancellationToken) is { } position
            ? TypedResults.Accepted($"/collections/{collection}", new ReshardResponse(collection, shards, replicas, position.ToString()))
            : Problems.NoCollection(collection);
    }

    private static ProblemHttpResult? CheckLayout(SearchService search, int shards, int replicas) =>
        ShardLayout.Check(shards, replicas) is (var parameter, var detail) ? Problems.BadParameter(parameter, detail)
        : shards > 0 && !search.HasShards ? Problems.NoCluster()
        : null;

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        HttpContext context, CollectionStore collections, SearchService search, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        _ = search.Collections;
        if (await collections.DeleteAsync(collection, context.User.Identity?.Name, cancellationToken) is not { } position)
        {
            return Problems.NoCollection(collection);
        }

        context.Response.Headers["Dpfah-Position"] = position.ToString();
        return TypedResults.NoContent();
    }

    /// <summary>A generation as responses tell it.</summary>
    public static GenerationResponse ToResponse(GenerationInfo generation) =>
        new(generation.Id, generation.ModelName, generation.Bits, generation.Decoder, generation.Arithmetic);

    private static async Task<CollectionResponse> ToResponseAsync(
        CollectionIndex index, SearchService search, Position? position, bool now, CancellationToken cancellationToken)
    {
        IReadOnlyList<LiveGeneration> beside = search.LiveBeside(index);
        if (await search.ShardsOfAsync(index, now, cancellationToken) is not { } shards)
        {
            return ToResponse(index, beside, position);
        }

        // Of each shard what one of its copies says.
        ShardState[] one = [.. shards.Where(shard => shard.IsLoaded).DistinctBy(shard => shard.Shard)];
        return new CollectionResponse(
            index.Name,
            one.Sum(shard => shard.Pictures),
            ToResponse(index.Generation),
            [.. beside.Select(live => new LiveGenerationResponse(ToResponse(live.Generation), live.IsReady, live.JobId))],
            new IndexResponse(one.Sum(shard => shard.MemoryBytes), 0, new PathsResponse(0, 0, 0, 0)),
            ToResponse(index.Drift),
            null,
            position?.ToString(),
            new ShardsResponse(index.Layout!.Shards, index.Layout.Replicas, [.. shards.Select(shard => new ShardResponse(
                shard.Shard + 1, shard.Replica + 1, shard.Node, shard.IsLoaded, shard.Pictures, shard.MemoryBytes, new Position(search.Epoch, shard.Position).ToString()))]));
    }

    private static DriftResponse? ToResponse(IdentityDrift? drift) =>
        drift is null ? null : new DriftResponse(drift.Stored, drift.Running, drift.Pictures, drift.FlippedBits, drift.ComparedBits);

    private static CollectionResponse ToResponse(CollectionIndex index, IReadOnlyList<LiveGeneration> beside, Position? position)
    {
        IndexSnapshot<IndexedItem> snapshot = index.Snapshot;
        return new CollectionResponse(
            index.Name,
            snapshot.Count,
            ToResponse(index.Generation),
            [.. beside.Select(live => new LiveGenerationResponse(ToResponse(live.Generation), live.IsReady, live.JobId))],
            new IndexResponse(
                snapshot.MemoryBytes,
                snapshot.SegmentCount,
                new PathsResponse(snapshot.Paths.Scans, snapshot.Paths.Sliced, snapshot.Paths.Tables, snapshot.Paths.Walks)),
            ToResponse(index.Drift),
            null,
            position?.ToString());
    }

    private static CodeHealthResponse? ToResponse(CollectionHealth? health)
    {
        if (health is not { Codes: { } codes })
        {
            return null;
        }

        return new CodeHealthResponse(
            health.ComputedAt,
            codes.Items,
            Rounded(codes.Balance),
            Rounded(codes.Entropy),
            new BitCorrelationResponse(
                Rounded(codes.Correlation.Largest), [codes.Correlation.First, codes.Correlation.Second], Rounded(codes.Correlation.Mean)),
            codes.DistinctCodes,
            codes.LargestGroup,
            health.SameLabel is { } fit
                ? new SameLabelResponse(
                    fit.LabelledItems,
                    fit.FittedItems,
                    fit.FittedPairs,
                    fit.TestedItems,
                    fit.TestedPairs,
                    Rounded(fit.Probability),
                    [.. fit.Reliability.Select(bin => new ReliabilityResponse(bin.Pairs, Rounded(bin.Predicted), Rounded(bin.Observed)))],
                    Rounded(fit.CalibrationError),
                    Rounded(fit.LargestError))
                : null);
    }

    private static double[] Rounded(IReadOnlyList<double> values) => [.. values.Select(Rounded)];

    private static double Rounded(double value) => Math.Round(value, 4);
}
