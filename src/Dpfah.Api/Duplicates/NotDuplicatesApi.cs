using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Duplicates;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Duplicates;

/// <summary>Pairs of pictures that somebody marked as no duplicates.</summary>
internal static class NotDuplicatesApi
{
    public static void MapNotDuplicates(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/collections/{collection}/not-duplicates").WithTags("Duplicates").WithQueryGuard();
        group.MapPost("", Add)
            .RequireAuthorization(Policies.Indexer)
            .WithName("markNotDuplicates")
            .WithSummary("Mark two pictures as no duplicates")
            .WithDescription("They are in no group together from the next search for near duplicates on, whatever codes they get. Again is no error.")
            .Accepts<NotDuplicateRequest>("application/json")
            .ProducesProblems(404, 413, 415);
        group.MapGet("", List)
            .RequireAuthorization(Policies.Reader)
            .WithName("listNotDuplicates")
            .WithSummary("List the pairs that are marked as no duplicates")
            .ProducesProblems(404);
        group.MapDelete("", Remove)
            .RequireAuthorization(Policies.Indexer)
            .WithName("unmarkNotDuplicates")
            .WithSummary("Take a mark back")
            .ProducesProblems(404);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Add(
        HttpContext context, SearchService search, NotDuplicateStore marks, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        (NotDuplicateRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<NotDuplicateRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.First is not { } first || body.Second is not { } second)
        {
            return Problems.BadParameter(body?.First is null ? "first" : "second", "Two pictures are marked: send JSON such as {\"first\": \"a1\", \"second\": \"b2\"}.");
        }

        if (first == second)
        {
            return Problems.BadParameter("second", $"A picture is always like itself: 'first' and 'second' are both '{first}'.");
        }

        IReadOnlyList<string> missing = await marks.AddAsync(index.CollectionId, first, second, context.User.Identity?.Name, cancellationToken);
        return missing.Count > 0 ? Problems.NoImage(collection, missing[0]) : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<NotDuplicateList>, ProblemHttpResult>> List(
        SearchService search,
        NotDuplicateStore marks,
        string collection,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Pairs a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        (long First, long Second) after = (0, 0);
        if (cursor is not null && !TryReadCursor(cursor, out after))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<NotDuplicateRecord> found = await marks.ListAsync(index.CollectionId, after, count + 1, cancellationToken);
        return TypedResults.Ok(new NotDuplicateList(
            [.. found.Take(count).Select(pair => new NotDuplicateResponse(pair.First, pair.Second, pair.CreatedBy, pair.CreatedAt))],
            found.Count > count ? $"{found[count - 1].FirstNumber}-{found[count - 1].SecondNumber}" : null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        HttpContext context,
        SearchService search,
        NotDuplicateStore marks,
        string collection,
        [FromQuery, Description("Id of one picture.")] string? first,
        [FromQuery, Description("Id of the other.")] string? second,
        CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        if (first is null || second is null)
        {
            return Problems.BadParameter(first is null ? "first" : "second", "A pair is named by the query parameters 'first' and 'second'.");
        }

        return await marks.RemoveAsync(index.CollectionId, collection, first, second, context.User.Identity?.Name, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotMarked(first, second);
    }

    private static bool TryReadCursor(string cursor, out (long First, long Second) after)
    {
        after = (0, 0);
        return cursor.Split('-') is [var first, var second]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out after.First)
            && long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out after.Second);
    }
}
