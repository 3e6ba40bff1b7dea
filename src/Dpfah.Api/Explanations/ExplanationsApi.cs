using System.ComponentModel;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using MapResult = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.FileContentHttpResult,
    Microsoft.AspNetCore.Http.HttpResults.StatusCodeHttpResult,
    Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult>;

namespace Dpfah.Api.Explanations;

/// <summary>Why a picture was found: heat maps of what the network looked at.</summary>
internal static class ExplanationsApi
{
    private const string GenerationText = "Number of a generation that answers or is ready to. Default: the one that answers.";
    private const string MapText = "A PNG as large as the picture's preview, to be laid over it: transparent where the network does not see the picture, elsewhere half "
        + "covered by colours from black (0) by red to light yellow (1). Its entity tag is known before it is drawn: with If-None-Match 304 costs next to nothing.";

    public static void MapExplanations(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("").WithTags("Explanations").RequireAuthorization(Policies.Reader).WithQueryGuard();
        group.MapGet("/collections/{collection}/images/{id}/attention", Attention)
            .WithName("getAttention")
            .WithSummary("A heat map of how much each place of a picture stands out for the network")
            .WithDescription($"The parameter-free attention: the mean over its channels, stretched to 0 to 1. 409 for a model without attention. {MapText}")
            .ProducesMap();
        group.MapGet("/collections/{collection}/images/{id}/explain", Explain)
            .WithName("explainImage")
            .WithSummary("A heat map of where bits of a picture's code come from")
            .WithDescription("Grad-CAM, for the bits that the picture's code shares with another code, for those that differ, or for all. Of the inner product of the picture's real "
                + "code with the other code it takes the part that the shared bits give, the negative of the part that the differing bits give (what pulled the picture away), or all. "
                + $"0 everywhere when there are no such bits. {MapText}")
            .ProducesMap();
        group.MapPost("/search/explain", ExplainHit)
            .KeepsToCollections()
            .WithName("explainHit")
            .WithSummary("Why a picture was found")
            .WithDescription("Send the query's picture as for POST /search, or name it by 'queryId'. Tells which bits are shared and which differ, and gives heat maps of both pictures: "
                + "as paths of PNGs for pictures of the collection, as data URLs for one that was sent. 409 when the collection's encoder cannot explain.")
            .TakesPicture(1)
            .ProducesProblems(404, 409, 413, 415, 422);
    }

    private static RouteHandlerBuilder ProducesMap(this RouteHandlerBuilder builder) => builder
        .Produces(StatusCodes.Status200OK, contentType: "image/png")
        .Produces(StatusCodes.Status304NotModified)
        .ProducesProblems(404, 409);

    private static Task<MapResult> Attention(
        HttpContext context,
        HeatMapResponder responder,
        string collection,
        string id,
        [FromQuery, Description(GenerationText)] int? generation,
        CancellationToken cancellationToken) => responder.RespondAsync(
            context,
            RawPath.Decode(collection),
            RawPath.Decode(id),
            generation,
            (_, _) => Task.FromResult<(HeatMapTarget?, ProblemHttpResult?)>((HeatMapTarget.Attention, null)),
            cancellationToken);

    private static async Task<MapResult> Explain(
        HttpContext context,
        HeatMapResponder responder,
        string collection,
        string id,
        [FromQuery, Description("Id of the other picture, in the same collection. This or 'code'.")] string? with,
        [FromQuery, Description("The other code in hex, such as the query's in the answer of a search. This or 'with'.")] string? code,
        [FromQuery, Description("'shared' (default), 'differing' or 'all'.")] string? bits,
        [FromQuery, Description(GenerationText)] int? generation,
        CancellationToken cancellationToken)
    {
        BitGroup? group = bits switch
        {
            null or "shared" => BitGroup.Shared,
            "differing" => BitGroup.Differing,
            "all" => BitGroup.All,
            _ => null,
        };
        if (group is null)
        {
            return Problems.BadParameter("bits", $"'bits' is 'shared', 'differing' or 'all'; it was '{bits}'.");
        }

        if (with is null == code is null)
        {
            return Problems.BadParameter(
                "with", "A picture is explained against another one: name it by 'with', its id, or by 'code', its code in hex; one of them.");
        }

        id = RawPath.Decode(id);
        return await responder.RespondAsync(context, RawPath.Decode(collection), id, generation, ChooseAsync, cancellationToken);

        async Task<(HeatMapTarget?, ProblemHttpResult?)> ChooseAsync(CollectionIndex index, GenerationInfo asked)
        {
            BinaryCode other;
            ProblemHttpResult? wrong;
            if (code is not null)
            {
                if (!SearchApi.TryReadCode("code", code, asked.Bits, out other, out wrong))
                {
                    return (null, wrong);
                }
            }
            else
            {
                (ImageRecord? found, wrong) = await responder.FindAsync(index, asked, with!, cancellationToken);
                if (found is null)
                {
                    return (null, wrong);
                }

                other = found.Code;
            }

            (ImageRecord? image, wrong) = await responder.FindAsync(index, asked, id, cancellationToken);
            return image is null ? (null, wrong) : (HeatMapTarget.Of(image.Code, other, group.Value), null);
        }
    }

    private static async Task<Results<Ok<ExplanationResponse>, ProblemHttpResult>> ExplainHit(
        HttpRequest request,
        RankingResponder responder,
        HeatMapResponder maps,
        PictureEncoder pictures,
        [FromQuery, Description("Collection of the picture that was found. Default: 'default'.")] string? collection,
        [FromQuery, Description("Id of the picture that was found.")] string? id,
        [FromQuery, Description("Id of the query's picture in the collection, instead of a picture in the body.")] string? queryId,
        CancellationToken cancellationToken)
    {
        (PictureBody body, ProblemHttpResult? wrong) = await PictureBody.ReadAsync(request, [], 1, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (id is null)
        {
            return Problems.BadParameter("id", "'id' names the picture that was found.");
        }

        if ((queryId is null) == (body.Images.Count == 0))
        {
            return queryId is null
                ? Problems.BadParameter("image", "There is no query: send its picture as the multipart field 'image', or as the body, or name it by 'queryId'.")
                : Problems.BadParameter("queryId", "There are two queries: send a picture or 'queryId', not both.");
        }

        // Again from the start when the collection is switched to another model between the two codes.
        return await responder.AnswerAsync(
            [collection ?? CollectionStore.DefaultName],
            new RankingQuery(),
            async Task<Results<Ok<ExplanationResponse>, ProblemHttpResult>?> (plan) =>
            {
                CollectionIndex index = plan.Collections[0];
                await using ExplainerUse? use = await pictures.UseExplainerAsync(index.Generation.ModelId, cancellationToken);
                if (use?.Explainer is not { } explainer)
                {
                    return Problems.CannotExplain(index.Generation.ModelName);
                }

                (ImageRecord? result, ProblemHttpResult? problem) = await maps.FindAsync(index, index.Generation, id, cancellationToken);
                if (result is null)
                {
                    return problem!;
                }

                if (queryId is not null)
                {
                    (ImageRecord? query, problem) = await maps.FindAsync(index, index.Generation, queryId, cancellationToken);
                    return query is null ? problem! : TypedResults.Ok(ExplanationBuilder.Of(index, explainer, query, result));
                }

                EncodedPicture sent = await pictures.EncodeAsync(body.Images[0], index.Generation.ModelId, cancellationToken);
                return sent.Code is null
                    ? Problems.Rejected(sent.Result)
                    : TypedResults.Ok(await ExplanationBuilder.DrawAsync(index, explainer, sent, result, cancellationToken));
            },
            cancellationToken);
    }
}
