using System.ComponentModel;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Search;

/// <summary>Search by picture and by code, and the comparison of two pictures.</summary>
internal static class SearchApi
{
    /// <summary>What the parameter 'order' does.</summary>
    public const string OrderText = "'asymmetric' orders pictures at the same distance by how strongly the query's picture holds the bits that differ (-<u, b>), then by signature. Default: by signature.";

    private const string Asymmetric = "asymmetric";
    private const string CollectionText = "Collection to search. May be repeated for collections of one model: one ranking over all of them. Default: 'default'.";

    public static void MapSearch(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("").WithTags("Search").RequireAuthorization(Policies.Reader).KeepsToCollections().WithQueryGuard();
        group.MapPost("/search", SearchByPicture)
            .WithName("search")
            .WithSummary("Search by picture")
            .WithDescription("Send a picture as the multipart field 'image' or as the body itself. Hits come by Hamming distance, then signature distance, then item number: a total order. A cursor alone, without a picture, gives the next page.")
            .TakesPicture(1)
            .ProducesProblems(404, 409, 413, 415, 422);
        group.MapPost("/search/code", SearchByCode)
            .WithName("searchByCode")
            .WithSummary("Search by code, or get the next page of any search")
            .WithDescription("Send a code as JSON, or only the query parameter 'cursor' with an empty body.")
            .Accepts<SearchByCodeRequest>(isOptional: true, "application/json")
            .ProducesProblems(404, 409, 413, 415);
        group.MapPost("/compare", Compare)
            .WithName("compare")
            .WithSummary("Compare two pictures")
            .WithDescription("Send two pictures (multipart field 'image', twice), or two ids of the collection ('id', twice), or one of each: then the picture is A.")
            .TakesPicture(2)
            .ProducesProblems(404, 413, 415, 422);
    }

    private static async Task<Results<Ok<SearchResponse>, ProblemHttpResult>> SearchByPicture(
        HttpRequest request,
        RankingResponder responder,
        PictureEncoder pictures,
        RecentQueries recent,
        [AsParameters] RankingQuery query,
        [FromQuery, Description(CollectionText)] string[]? collection,
        [FromQuery, Description(OrderText)] string? order,
        [FromQuery, Description("Cursor of the next page; it carries the query and all else that defines the ranking.")] string? cursor,
        CancellationToken cancellationToken)
    {
        (PictureBody body, ProblemHttpResult? wrong) = await PictureBody.ReadAsync(request, [], 1, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (cursor is not null)
        {
            return body.Images.Count > 0
                ? Problems.BadParameter("cursor", "A cursor carries its query: send no picture beside it.")
                : await FollowCursorAsync(cursor, collection is { Length: > 0 }, order, query, responder, cancellationToken);
        }

        return await responder.AnswerAsync(
            collection is { Length: > 0 } ? collection : [CollectionStore.DefaultName],
            query,
            async Task<Results<Ok<SearchResponse>, ProblemHttpResult>?> (plan) =>
            {
                if (CheckOrder(order) is { } wrongOrder)
                {
                    return wrongOrder;
                }

                if (body.Images.Count == 0)
                {
                    return Problems.BadParameter("image", "There is no picture: send one as the multipart field 'image', or as the body.");
                }

                EncodedPicture encoded = await pictures.EncodeAsync(body.Images[0], plan.Generation.ModelId, cancellationToken);
                (Ranking? ranking, ProblemHttpResult? problem) = ToRanking(plan, query, encoded, order);
                if (ranking is null)
                {
                    return problem!;
                }

                if (plan.Collections[0].Layout is null)
                {
                    // For comparisons, for which a collection has to be whole on a node.
                    recent.Add(plan.Collections[0].CollectionId, encoded.Code!.Signature, encoded.Result.Preview!.Jpeg);
                }

                return await responder.RespondAsync(plan.Collections, ranking, query, encoded, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Checks the parameter 'order'.</summary>
    public static ProblemHttpResult? CheckOrder(string? order) => order is null or Asymmetric
        ? null
        : Problems.BadParameter("order", $"'order' is '{Asymmetric}', or left out; it was '{order}'.");

    /// <summary>The ranking by a picture.</summary>
    public static (Ranking? Ranking, ProblemHttpResult? Problem) ToRanking(SearchPlan plan, RankingQuery query, EncodedPicture picture, string? order) =>
        picture.Code is not { } code
            ? (null, Problems.Rejected(picture.Result))
            : (RankingResponder.ToRanking(plan, query, code.Code, code.Signature) with
            {
                Weights = order is null ? null : BitWeightText.Of(code.RealCode.Span),
            }, null);

    /// <summary>The ranking by a code in hex.</summary>
    public static (Ranking? Ranking, ProblemHttpResult? Problem) ToRanking(SearchPlan plan, RankingQuery query, string codeText, string? signatureText)
    {
        if (!TryReadCode("code", codeText, plan.Generation.Bits, out BinaryCode code, out ProblemHttpResult? wrong))
        {
            return (null, wrong);
        }

        BinaryCode? signature = null;
        if (signatureText is not null)
        {
            if (!TryReadCode("signature", signatureText, ImageCode.SignatureBits, out BinaryCode read, out wrong))
            {
                return (null, wrong);
            }

            signature = read;
        }

        return (RankingResponder.ToRanking(plan, query, code, signature), null);
    }

    private static async Task<Results<Ok<SearchResponse>, ProblemHttpResult>> SearchByCode(
        HttpRequest request,
        RankingResponder responder,
        [AsParameters] RankingQuery query,
        [FromQuery, Description("Cursor of the next page; it carries the query and all else that defines the ranking.")] string? cursor,
        CancellationToken cancellationToken)
    {
        (SearchByCodeRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<SearchByCodeRequest>(request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (cursor is not null)
        {
            return body is not null
                ? Problems.BadParameter("cursor", "A cursor carries its query: send an empty body beside it.")
                : await FollowCursorAsync(cursor, false, null, query, responder, cancellationToken);
        }

        if (body?.Code is null)
        {
            return Problems.BadParameter("code", "There is no code: send JSON such as {\"code\": \"9f03…\"}, or the query parameter 'cursor'.");
        }

        if (body.Collection is not null && body.Collections is not null)
        {
            return Problems.BadParameter("collections", "There are 'collection' and 'collections': send one of them.");
        }

        if (body.Collections is { Count: 0 } || body.Collections?.Contains(null!) == true)
        {
            return Problems.BadParameter("collections", "'collections' is an array of names, at least one.");
        }

        return await responder.AnswerAsync(
            body.Collections ?? [body.Collection ?? CollectionStore.DefaultName],
            query,
            async Task<Results<Ok<SearchResponse>, ProblemHttpResult>?> (plan) =>
            {
                if (body.Generation is { } generation && generation != plan.Generation.Id)
                {
                    return Problems.OtherGeneration(plan.Collections[0].Name);
                }

                (Ranking? ranking, ProblemHttpResult? problem) = ToRanking(plan, query, body.Code, body.Signature);
                if (ranking is null)
                {
                    return problem!;
                }

                return await responder.RespondAsync(plan.Collections, ranking, query, null, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Reads a code or a signature in hex.</summary>
    /// <param name="name">The parameter that holds it.</param>
    /// <param name="text">Its value.</param>
    /// <param name="bits">How long it has to be.</param>
    /// <param name="code">What was read.</param>
    /// <param name="problem">The problem; null when there is none.</param>
    public static bool TryReadCode(string name, string text, int bits, out BinaryCode code, out ProblemHttpResult? problem)
    {
        problem = BinaryCode.TryParseHex(text, out code) && code.Bits == bits
            ? null
            : Problems.BadParameter(name, $"'{name}' is {bits / 4} hex digits ({bits} bits); it had {text.Length} characters{(text.All(char.IsAsciiHexDigit) ? "" : ", not all of them hex digits")}.");
        return problem is null;
    }

    private static async Task<Results<Ok<SearchResponse>, ProblemHttpResult>> FollowCursorAsync(
        string text, bool hasCollection, string? order, RankingQuery query, RankingResponder responder, CancellationToken cancellationToken)
    {
        if (RankingCursor.TryParse(text) is not { } cursor)
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of an answer, unchanged.");
        }

        string? carried = query.Radius is not null ? "radius"
            : query.Confidence is not null ? "confidence"
            : query.Label is { Length: > 0 } ? "label"
            : query.Filter is not null ? "filter"
            : query.Collapse is not null ? "collapse"
            : order is not null ? "order"
            : hasCollection ? "collection" : null;
        if (carried is not null)
        {
            return Problems.BadParameter(carried, $"A cursor carries its '{carried}': leave the parameter out beside it.");
        }

        (SearchPlan? plan, ProblemHttpResult? wrong) = await responder.PrepareAsync([.. cursor.Searched.Select(s => s.Collection)], query, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (cursor.Searched.Zip(plan!.Collections).FirstOrDefault(pair => pair.First.Generation != pair.Second.Generation.Id).First is { } old)
        {
            return Problems.OtherGeneration(old.Collection);
        }

        if (cursor.Ranking.Code.Bits != plan.Generation.Bits)
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of an answer, unchanged.");
        }

        return await responder.RespondAsync(plan.Collections, cursor.Ranking with { K = query.K ?? cursor.Ranking.K }, query, null, cancellationToken)
            ?? Problems.OtherGeneration(cursor.Searched[0].Collection);
    }

    private static async Task<Results<Ok<CompareResponse>, ProblemHttpResult>> Compare(
        HttpRequest request,
        RankingResponder responder,
        SearchService search,
        CollectionScope scope,
        ImageReader images,
        PictureEncoder pictures,
        [FromQuery, Description("Collection whose model compares, and to which ids belong. Default: 'default'.")] string? collection,
        [FromQuery, Description("Id of a picture of the collection. May be given twice.")] string[]? id,
        CancellationToken cancellationToken)
    {
        (PictureBody body, ProblemHttpResult? wrong) = await PictureBody.ReadAsync(request, [], 2, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        string name = collection ?? CollectionStore.DefaultName;
        if (search.Find(name) is null || !scope.Allows(name))
        {
            return Problems.NoCollection(name);
        }

        if (body.Images.Count + (id?.Length ?? 0) != 2)
        {
            return Problems.BadParameter(
                "image", $"Two are compared: there were {body.Images.Count} pictures ('image') and {id?.Length ?? 0} ids ('id').");
        }

        if ((id ?? []).Select(CatalogueRules.CheckId).FirstOrDefault(problem => problem is not null) is { } wrongId)
        {
            return Problems.BadParameter("id", wrongId);
        }

        // Again from the start when the collection is switched to another model between the two.
        return await responder.AnswerAsync(
            [name], new RankingQuery(), plan => CompareAsync(plan.Collections[0], body.Images, id ?? [], search, images, pictures, cancellationToken), cancellationToken);
    }

    private static async Task<Results<Ok<CompareResponse>, ProblemHttpResult>?> CompareAsync(
        CollectionIndex index,
        IReadOnlyList<byte[]> bodies,
        string[] ids,
        SearchService search,
        ImageReader images,
        PictureEncoder pictures,
        CancellationToken cancellationToken)
    {
        var codes = new List<(BinaryCode Code, BinaryCode Signature)>();
        foreach (byte[] image in bodies)
        {
            EncodedPicture encoded = await pictures.EncodeAsync(image, index.Generation.ModelId, cancellationToken);
            if (encoded.Code is null)
            {
                return Problems.Rejected(encoded.Result);
            }

            codes.Add((encoded.Code.Code, encoded.Code.Signature));
        }

        foreach (string id in ids)
        {
            if (await images.FindAsync(index.CollectionId, index.Generation.Id, id, cancellationToken) is not { } image)
            {
                if (await search.IsBeingSwitchedAsync(index, cancellationToken))
                {
                    return null;
                }

                return Problems.NoImage(index.Name, id);
            }

            codes.Add((image.Code, image.Signature));
        }

        (BinaryCode a, BinaryCode b) = (codes[0].Code, codes[1].Code);
        return TypedResults.Ok(new CompareResponse(
            index.Name,
            RankingResponder.Summary(index.Generation),
            new QueryCodes(a.ToString(), codes[0].Signature.ToString()),
            new QueryCodes(b.ToString(), codes[1].Signature.ToString()),
            a.HammingDistance(b),
            codes[0].Signature.HammingDistance(codes[1].Signature),
            [.. Enumerable.Range(0, a.Bits).Where(bit => a[bit] != b[bit])]));
    }
}
