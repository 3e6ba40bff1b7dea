using System.ComponentModel;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Search;

/// <summary>Many searches in one request.</summary>
internal static class SearchBatchApi
{
    // More would fill the encoder's queue, which other callers need as well.
    private const int PicturesAtOnce = 16;

    public static void MapSearchBatch(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/search/batch", SearchBatch)
            .WithTags("Search")
            .RequireAuthorization(Policies.Reader)
            .KeepsToCollections()
            .WithQueryGuard()
            .WithName("searchBatch")
            .WithSummary("Search by up to 256 pictures or codes")
            .WithDescription("Send pictures as the multipart field 'image', repeated, or JSON with codes and ids of pictures: {\"queries\": [{\"code\": \"9f03…\"}, {\"id\": \"a1\"}]}. "
                + "The parameters hold for all of them. The outcomes come in the order of the queries, each with a status of its own: one picture that cannot be read does not harm the others.")
            .Accepts<SearchBatchRequest>(isOptional: true, "application/json", "multipart/form-data")
            .TakesPicture(SearchLimits.MaxBatch)
            .WithUploadTimeout()
            .WithMetadata(new RequestSizeLimitAttribute(ApiLimits.MaxBatchBytes))
            .ProducesProblems(404, 409, 413, 415);

    private static async Task<Results<Ok<SearchBatchResponse>, ProblemHttpResult>> SearchBatch(
        HttpRequest request,
        RankingResponder responder,
        SearchService search,
        PictureEncoder pictures,
        ImageReader images,
        [AsParameters] RankingQuery query,
        [FromQuery, Description("Collection to search. May be repeated for collections of one model: one ranking over all of them. Default: 'default'.")] string[]? collection,
        [FromQuery, Description(SearchApi.OrderText)] string? order,
        CancellationToken cancellationToken)
    {
        (IReadOnlyList<BatchQuery> queries, ProblemHttpResult? wrong) = await ReadAsync(request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        return await responder.AnswerAsync(
            collection is { Length: > 0 } ? collection : [CollectionStore.DefaultName],
            query,
            async Task<Results<Ok<SearchBatchResponse>, ProblemHttpResult>?> (plan) =>
            {
                if (SearchApi.CheckOrder(order) is { } wrongOrder)
                {
                    return wrongOrder;
                }

                if (await AnswerAsync(plan, queries, query, order, responder, search, pictures, images, cancellationToken) is not { } outcomes)
                {
                    return null;
                }

                return TypedResults.Ok(new SearchBatchResponse(outcomes));
            },
            cancellationToken);
    }

    /// <returns>An outcome for each query; null when a collection was switched to another generation meanwhile.</returns>
    private static async Task<SearchOutcome[]?> AnswerAsync(
        SearchPlan plan,
        IReadOnlyList<BatchQuery> queries,
        RankingQuery query,
        string? order,
        RankingResponder responder,
        SearchService search,
        PictureEncoder pictures,
        ImageReader images,
        CancellationToken cancellationToken)
    {
        var rankings = new Ranking?[queries.Count];
        var encoded = new EncodedPicture?[queries.Count];
        var problems = new ProblemHttpResult?[queries.Count];
        if (queries.Any(one => one.Image is not null))
        {
            pictures.CheckPlaces();
        }

        await Parallel.ForEachAsync(
            Enumerable.Range(0, queries.Count),
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(PicturesAtOnce, pictures.Places), CancellationToken = cancellationToken },
            async (i, token) =>
            {
                if (queries[i].Image is { } image)
                {
                    encoded[i] = await pictures.EncodeOneOfManyAsync(image, plan.Generation.ModelId, token);
                    (rankings[i], problems[i]) = SearchApi.ToRanking(plan, query, encoded[i]!, order);
                }
                else
                {
                    (rankings[i], problems[i]) = await ToRankingAsync(plan, query, queries[i].Text!, order, images, token);
                }
            });
        if (problems.Any(problem => problem?.StatusCode == StatusCodes.Status404NotFound))
        {
            // A picture that is not found may be there, under the generation that answers by now.
            foreach (CollectionIndex one in plan.Collections)
            {
                if (await search.IsBeingSwitchedAsync(one, cancellationToken))
                {
                    return null;
                }
            }
        }

        int[] asked = [.. Enumerable.Range(0, queries.Count).Where(i => rankings[i] is not null)];
        if (await responder.RespondAsync(plan.Collections, [.. asked.Select(i => rankings[i]!)], query, [.. asked.Select(i => encoded[i])], cancellationToken)
            is not { } responses)
        {
            return null;
        }

        var outcomes = new SearchOutcome[queries.Count];
        for (int i = 0; i < asked.Length; i++)
        {
            outcomes[asked[i]] = new SearchOutcome(StatusCodes.Status200OK, responses[i], null);
        }

        for (int i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] ??= new SearchOutcome(problems[i]!.StatusCode, null, problems[i]!.ProblemDetails);
        }

        return outcomes;
    }

    private static async Task<(IReadOnlyList<BatchQuery> Queries, ProblemHttpResult? Problem)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HasJsonContentType())
        {
            (SearchBatchRequest? body, ProblemHttpResult? problem) = await JsonBody.ReadAsync<SearchBatchRequest>(request, cancellationToken);
            return problem is not null ? ([], problem)
                : body?.Queries is not { Count: >= 1 and <= SearchLimits.MaxBatch } queries
                    ? ([], Problems.BadParameter("queries", $"'queries' has 1 to {SearchLimits.MaxBatch} entries; there were {body?.Queries?.Count ?? 0}."))
                    : ([.. queries.Select(text => new BatchQuery(null, text))], null);
        }

        (PictureBody pictures, ProblemHttpResult? wrong) = await PictureBody.ReadAsync(request, [], SearchLimits.MaxBatch, cancellationToken);
        return wrong is not null ? ([], wrong)
            : pictures.Images.Count == 0
                ? ([], Problems.BadParameter("image", "There is no picture: send 1 to 256 of them as the multipart field 'image', or JSON with codes."))
                : ([.. pictures.Images.Select(image => new BatchQuery(image, null))], null);
    }

    private static async Task<(Ranking? Ranking, ProblemHttpResult? Problem)> ToRankingAsync(
        SearchPlan plan, RankingQuery query, BatchQueryRequest text, string? order, ImageReader images, CancellationToken cancellationToken)
    {
        if (text is null || text.Code is null == text.Id is null)
        {
            return (null, Problems.BadParameter("queries", "Each query has a 'code' or an 'id', one of them."));
        }

        if (order is not null)
        {
            return (null, Problems.BadParameter("order", "'order=asymmetric' needs the picture itself: codes and ids do not hold what it compares."));
        }

        if (text.Code is not null)
        {
            return SearchApi.ToRanking(plan, query, text.Code, text.Signature);
        }

        if (CatalogueRules.CheckId(text.Id!) is { } wrongId)
        {
            return (null, Problems.BadParameter("id", wrongId));
        }

        foreach (CollectionIndex collection in plan.Collections)
        {
            if (await images.FindAsync(collection.CollectionId, collection.Generation.Id, text.Id!, cancellationToken) is { } image)
            {
                return (RankingResponder.ToRanking(plan, query, image.Code, image.Signature) with { Exclude = image.Number }, null);
            }
        }

        return (null, Problems.NoImage(string.Join("', '", plan.Collections.Select(c => c.Name)), text.Id!));
    }

    /// <summary>One of many queries: a picture's bytes, or what JSON says.</summary>
    private readonly record struct BatchQuery(byte[]? Image, BatchQueryRequest? Text);
}
