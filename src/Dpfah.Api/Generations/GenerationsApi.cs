using System.Globalization;
using Dpfah.Api.Access;
using Dpfah.Api.Collections;
using Dpfah.Api.Http;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Generations;

/// <summary>Generations: all codes of one collection under one model; begun, compared, activated, deleted.</summary>
internal static class GenerationsApi
{
    private const string WhenBetter = "when-better";

    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/collections/{collection}/generations").WithTags("Generations").WithQueryGuard();
        group.MapPost("", Create)
            .RequireAuthorization(Policies.Indexer)
            .WithName("createGeneration")
            .WithSummary("Hash a collection by another model")
            .WithDescription("Fills a new generation from the stored previews while the old one answers; uploads are hashed into both. Then the two are compared. "
                + "A generation of the same model that was retired is filled up; one that is ready is compared again. 409 while another one is being filled or is ready.")
            .Accepts<CreateGenerationRequest>("application/json")
            .ProducesProblems(404, 409, 413, 415);
        group.MapGet("", List)
            .RequireAuthorization(Policies.Reader)
            .WithName("listGenerations")
            .WithSummary("List a collection's generations, how they compare, and what answered when")
            .ProducesProblems(404);
        group.MapPost("/{generation}/activate", Activate)
            .RequireAuthorization(Policies.Indexer)
            .WithName("activateGeneration")
            .WithSummary("Switch to a generation, or back to one")
            .WithDescription("409 while pictures are missing in it, and when it is worse on held-out labelled pictures or there are too few of them ('force' passes), "
                + "or when there are no labels at all ('confirm' passes). What answered before may always come back. Up to 100 missing pictures are filled in at once.")
            .Accepts<ActivateGenerationRequest>(isOptional: true, "application/json")
            .ProducesProblems(404, 409, 413, 415);
        group.MapDelete("/{generation}", Delete)
            .RequireAuthorization(Policies.Indexer)
            .WithName("deleteGeneration")
            .WithSummary("Delete a generation that does not answer, with its codes")
            .ProducesProblems(404, 409);
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> Create(
        HttpContext context, GenerationStore generations, VisibleModels models, SearchService search, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is null)
        {
            return Problems.NoCollection(collection);
        }

        (CreateGenerationRequest? body, ProblemHttpResult? wrong) =
            await JsonBody.ReadAsync<CreateGenerationRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.Model is not { } model)
        {
            return Problems.BadParameter("model", "There is no model: send JSON such as {\"model\": \"dpfah-64\"}. GET /models lists them.");
        }

        if (body.Activate is not (null or WhenBetter))
        {
            return Problems.BadParameter("activate", $"'activate' is '{WhenBetter}', or left out; it was '{body.Activate}'.");
        }

        List<KeyValuePair<string, int>> known = await models.NamesAsync(cancellationToken);
        int at = known.FindIndex(m => m.Key == model);
        if (at < 0)
        {
            return Problems.NoModel(model, known.Select(m => m.Key));
        }

        StartOutcome outcome = await generations.StartAsync(
            collection, known[at].Value, body.Activate is null ? ActivateWhen.Never : ActivateWhen.WhenBetter, context.User.Identity?.Name, cancellationToken);
        return outcome.Problem switch
        {
            StartProblem.None => JobsApi.Accepted(outcome.Job!),
            StartProblem.NoCollection => Problems.NoCollection(collection),
            StartProblem.SameGeneration => Problems.SameGeneration(outcome.Other, outcome.Detail),
            _ => Problems.OtherGenerationLive(outcome.Other, outcome.Detail),
        };
    }

    private static async Task<Results<Ok<GenerationList>, ProblemHttpResult>> List(
        GenerationStore generations, SearchService search, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        _ = search.Collections;
        return await generations.ListAsync(collection, cancellationToken) is { } overview
            ? TypedResults.Ok(new GenerationList([.. overview.Generations.Select(ToResponse)], overview.History))
            : Problems.NoCollection(collection);
    }

    private static async Task<Results<Ok<ActivationResponse>, ProblemHttpResult>> Activate(
        HttpContext context, GenerationStore generations, SearchService search, string collection, string generation, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        _ = search.Collections;
        (ActivateGenerationRequest? body, ProblemHttpResult? wrong) =
            await JsonBody.ReadAsync<ActivateGenerationRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (ParseId(generation) is not { } id)
        {
            return Problems.NoGeneration(collection, generation);
        }

        ActivationOutcome outcome = await generations.ActivateAsync(
            collection, id, body?.Force == true, body?.Confirm == true, context.User.Identity?.Name, cancellationToken);
        return outcome.Status switch
        {
            ActivationStatus.Activated or ActivationStatus.Unchanged => TypedResults.Ok(new ActivationResponse(
                id, outcome.Status == ActivationStatus.Activated, outcome.Position.ToString(), outcome.Comparison)),
            ActivationStatus.NoCollection => Problems.NoCollection(collection),
            ActivationStatus.NoGeneration => Problems.NoGeneration(collection, generation),
            ActivationStatus.ItemsMissing => Problems.ItemsMissing(outcome.Missing, outcome.Detail),
            ActivationStatus.NotCompared => Problems.NotCompared(outcome.Detail),
            ActivationStatus.ConfirmationNeeded => Problems.ConfirmationNeeded(outcome.Detail, outcome.Comparison!),
            _ => Problems.GateClosed(outcome.Detail, outcome.Comparison!),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        HttpContext context, GenerationStore generations, SearchService search, string collection, string generation, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        _ = search.Collections;
        return ParseId(generation) is not { } id
            ? Problems.NoGeneration(collection, generation)
            : await generations.DeleteAsync(collection, id, context.User.Identity?.Name, cancellationToken) switch
            {
                GenerationDeletion.Deleted => TypedResults.NoContent(),
                GenerationDeletion.NoCollection => Problems.NoCollection(collection),
                GenerationDeletion.Active => Problems.GenerationInUse(id, $"Generation {id} answers: activate another one first."),
                GenerationDeletion.Filling => Problems.GenerationInUse(id, $"A job is at work on generation {id}: cancel it first."),
                _ => Problems.NoGeneration(collection, generation),
            };
    }

    private static int? ParseId(string generation) =>
        int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0 ? id : null;

    private static GenerationStatusResponse ToResponse(GenerationRecord record) => new(
        CollectionsApi.ToResponse(record.Generation),
        record.State,
        record.Pictures,
        record.Missing,
        record.JobId,
        record.Activate == ActivateWhen.WhenBetter ? WhenBetter : null,
        record.Comparison,
        record.CreatedBy,
        record.CreatedAt);
}
