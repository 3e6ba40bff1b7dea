using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Feedback;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Feedback;

/// <summary>What people say of hits: right or wrong.</summary>
internal static class FeedbackApi
{
    private const string Right = "right";
    private const string Wrong = "wrong";

    public static void MapFeedback(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/collections/{collection}/feedback").WithTags("Feedback").WithQueryGuard();
        group.MapPost("", Put)
            .RequireAuthorization(Policies.Indexer)
            .WithName("giveFeedback")
            .WithSummary("Say of a hit that it is right or wrong")
            .WithDescription("Of a query and a hit the last word counts: 201 for the first, 200 for one that takes the place of another. It goes with its pictures, and a training can learn from it "
                + "('source.useFeedback'). 'notDuplicate' marks the two as no duplicates too, whatever codes they get.")
            .Accepts<FeedbackRequest>("application/json")
            .ProducesProblems(404, 413, 415);
        group.MapGet("", List)
            .RequireAuthorization(Policies.Reader)
            .WithName("listFeedback")
            .WithSummary("List what was said of hits")
            .ProducesProblems(404);
        group.MapDelete("/{number}", Remove)
            .RequireAuthorization(Policies.Indexer)
            .WithName("takeFeedbackBack")
            .WithSummary("Take back what was said of a hit")
            .WithDescription("Two pictures that were marked as no duplicates with it stay so: DELETE /collections/{collection}/not-duplicates takes that back.")
            .ProducesProblems(404);
    }

    private static async Task<Results<Created<FeedbackResponse>, Ok<FeedbackResponse>, ProblemHttpResult>> Put(
        HttpContext context, SearchService search, FeedbackStore feedback, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        (FeedbackRequest? body, ProblemHttpResult? problem) = await JsonBody.ReadAsync<FeedbackRequest>(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        (NewFeedback? given, problem) = Read(body, index.Generation.Id);
        if (given is null)
        {
            return problem!;
        }

        FeedbackOutcome outcome = await feedback.PutAsync(index.CollectionId, given, context.User.Identity?.Name, cancellationToken);
        return outcome.Status switch
        {
            FeedbackStatus.NoImage => Problems.NoImage(collection, outcome.Missing),
            FeedbackStatus.NoGeneration => Problems.NoGeneration(collection, given.GenerationId.ToString(CultureInfo.InvariantCulture)),
            FeedbackStatus.OtherBits => Problems.BadParameter(
                "query.code", $"'query.code' is {outcome.Bits / 4} hex digits ({outcome.Bits} bits), as codes of generation {given.GenerationId} are; it has {given.Query.Code!.Value.Bits} bits."),
            FeedbackStatus.Created => TypedResults.Created($"/collections/{collection}/feedback/{outcome.Record!.Number}", ToResponse(outcome.Record)),
            _ => TypedResults.Ok(ToResponse(outcome.Record!)),
        };
    }

    private static async Task<Results<Ok<FeedbackList>, ProblemHttpResult>> List(
        SearchService search,
        FeedbackStore feedback,
        string collection,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Entries a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        [FromQuery, Description("Only what says 'right', or only what says 'wrong'.")] string? verdict,
        [FromQuery, Description("Only on this query: the id of a picture of the collection.")] string? query,
        [FromQuery, Description("Only on this query: the code of another picture, in hex.")] string? code,
        CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        long after = 0;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        if (verdict is not (null or Right or Wrong))
        {
            return WrongVerdict(verdict);
        }

        BinaryCode? queryCode = null;
        if (code is not null)
        {
            if (query is not null)
            {
                return Problems.BadParameter("code", "A query is named by 'query', an id, or by 'code': send one of them.");
            }

            if (!BinaryCode.TryParseHex(code, out BinaryCode read))
            {
                return Problems.BadParameter("code", "'code' is a code in hex, as a search tells it.");
            }

            queryCode = read;
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<FeedbackRecord> found = await feedback.ListAsync(
            index.CollectionId,
            verdict is null ? null : verdict == Right,
            new FeedbackQuery(query, queryCode, null),
            after,
            count + 1,
            cancellationToken);
        return TypedResults.Ok(new FeedbackList(
            [.. found.Take(count).Select(ToResponse)],
            found.Count > count ? found[count - 1].Number.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        HttpContext context, SearchService search, FeedbackStore feedback, string collection, string number, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long parsed)
            && await feedback.RemoveAsync(index.CollectionId, collection, parsed, context.User.Identity?.Name, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NoFeedback(collection, number);
    }

    /// <summary>Checks what can be checked without the database.</summary>
    private static (NewFeedback? Feedback, ProblemHttpResult? Problem) Read(FeedbackRequest? body, int active)
    {
        if (body?.Id is null || body.Query is null)
        {
            return (null, Problems.BadParameter(
                body?.Query is null ? "query" : "id",
                "Feedback is on a query and a hit: send JSON such as {\"query\": {\"id\": \"q1\"}, \"id\": \"a1\", \"verdict\": \"right\"}."));
        }

        if (body.Verdict is not (Right or Wrong))
        {
            return (null, WrongVerdict(body.Verdict));
        }

        if (body.Query.Id is null == body.Query.Code is null || (body.Query.Code is null && body.Query.Signature is not null))
        {
            return (null, Problems.BadParameter(
                "query", "A query is a picture of the collection, {\"id\": …}, or the codes of another one, {\"code\": …, \"signature\": …}; one of them."));
        }

        if (body.Query.Id == body.Id)
        {
            return (null, Problems.BadParameter("id", $"A picture is no hit of itself: 'query.id' and 'id' are both '{body.Id}'."));
        }

        bool notDuplicate = body.NotDuplicate ?? false;
        if (notDuplicate && (body.Verdict == Right || body.Query.Id is null))
        {
            return (null, Problems.BadParameter("notDuplicate", "'notDuplicate' is said of two pictures of the collection, with the verdict 'wrong'."));
        }

        BinaryCode? code = null, signature = null;
        if (body.Query.Code is { } codeText)
        {
            if (!BinaryCode.TryParseHex(codeText, out BinaryCode read))
            {
                return (null, Problems.BadParameter("query.code", "'query.code' is a code in hex, as a search tells it."));
            }

            code = read;
        }

        if (body.Query.Signature is { } signatureText)
        {
            if (!SearchApi.TryReadCode("query.signature", signatureText, ImageCode.SignatureBits, out BinaryCode read, out ProblemHttpResult? wrong))
            {
                return (null, wrong);
            }

            signature = read;
        }

        var query = new FeedbackQuery(body.Query.Id, code, signature);
        return (new NewFeedback(query, body.Id, body.Generation ?? active, body.Verdict == Right, notDuplicate), null);
    }

    private static ProblemHttpResult WrongVerdict(string? verdict) =>
        Problems.BadParameter("verdict", $"'verdict' is '{Right}' or '{Wrong}'; it was {(verdict is null ? "left out" : $"'{verdict}'")}.");

    private static FeedbackResponse ToResponse(FeedbackRecord record) => new(
        record.Number,
        new FeedbackQueryBody(record.Feedback.Query.Id, record.Feedback.Query.Code?.ToString(), record.Feedback.Query.Signature?.ToString()),
        record.Feedback.Id,
        record.Feedback.GenerationId,
        record.Feedback.IsRight ? Right : Wrong,
        record.Feedback.NotDuplicate,
        record.CreatedBy,
        record.CreatedAt);
}
