using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Evaluations;

/// <summary>Measurements of models: started by a job, read beside the model.</summary>
internal static class EvaluationsApi
{
    public static void MapEvaluations(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/evaluations", Start)
            .WithTags("Models")
            .WithQueryGuard()
            .RequireAuthorization(Policies.Trainer)
            .KeepsToCollections()
            .WithName("evaluateModel")
            .WithSummary("Measure a model on the labelled pictures of a collection, or on a data set: a job")
            .WithDescription("Each of some pictures is searched among all others; what shares a label with it is right. The result stands under /models/{model}/evaluation, figures under /models/{model}/plots.")
            .Accepts<EvaluationJobRequest>("application/json")
            .ProducesProblems(404, 413, 415, 422);
        RouteGroupBuilder group = routes.MapGroup("/models/{model}").WithTags("Models").RequireAuthorization(Policies.Reader).KeepsToCollections().WithQueryGuard();
        group.MapGet("/evaluation", List)
            .WithName("listEvaluations")
            .WithSummary("What a model was measured to be, the newest measurement first")
            .ProducesProblems(404);
        group.MapGet("/plots/{name}", Plot)
            .WithName("getPlot")
            .WithSummary("A figure of a model: pr, precision-at-n, tsne, top10 or training")
            .WithDescription("As .svg, .png or .json, by the extension or by the Accept header; JSON, the numbers that the figure shows, when neither says.")
            .Produces(StatusCodes.Status200OK, contentType: "application/json", additionalContentTypes: ["image/svg+xml", "image/png"])
            .ProducesProblems(404);
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> Start(
        HttpContext context, SearchService search, CollectionScope scope, VisibleModels models, EvaluationService evaluations, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        (EvaluationJobRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<EvaluationJobRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.Model is not { } model || body.Collection is null == body.Dataset is null)
        {
            return Problems.BadParameter(
                body?.Model is null ? "model" : "collection",
                "A model is measured on a collection or on a data set: send JSON such as {\"model\": \"itq-64\", \"collection\": \"default\"}, or {\"model\": \"itq-64\", \"dataset\": \"fashion-mnist\"}.");
        }

        if ((body.Dataset is null ? body.Path is not null ? "path" : body.Split is not null ? "split" : null : body.Filter is not null ? "filter" : null) is { } strange)
        {
            return Problems.BadParameter(strange, "'path' and 'split' are of a data set, 'filter' chooses among the pictures of a collection.");
        }

        int pictures = body.Pictures ?? EvaluationService.DefaultPictures, queries = body.Queries ?? EvaluationService.DefaultQueries;
        if (pictures is < 2 or > EvaluationService.MaxPictures)
        {
            return Problems.BadParameter("pictures", $"'pictures' is a whole number from 2 to {EvaluationService.MaxPictures}; it was {pictures}.");
        }

        if (queries is < 1 or > EvaluationService.MaxQueries)
        {
            return Problems.BadParameter("queries", $"'queries' is a whole number from 1 to {EvaluationService.MaxQueries}; it was {queries}.");
        }

        SearchFilter? filter = null;
        if (body.Filter is { ValueKind: not JsonValueKind.Null } text && SearchFilter.TryParse(text.GetRawText(), out filter) is { } wrongFilter)
        {
            return Problems.BadParameter("filter", wrongFilter);
        }

        List<KeyValuePair<string, int>> known = await models.NamesAsync(cancellationToken);
        if (!known.Exists(m => m.Key == model))
        {
            return Problems.NoModel(model, known.Select(m => m.Key));
        }

        if (body.Collection is not { } collection)
        {
            if (!scope.IsAll)
            {
                return Problems.LimitedKey();
            }

            DatasetSplit? split = body.Split is { } s ? new DatasetSplit(s.QueriesPerClass, s.TrainPerClass, s.DatabaseIncludesTrain, s.Seed) : null;
            (JobRecord? ofDataset, string? wrongDataset) = await evaluations.StartAsync(
                model, body.Dataset!, body.Path, split, pictures, queries, context.User.Identity?.Name, cancellationToken);
            return ofDataset is null ? Problems.BadDataset(wrongDataset!) : JobsApi.Accepted(ofDataset);
        }

        if (search.Find(collection) is not { } index || !scope.Allows(collection))
        {
            return Problems.NoCollection(collection);
        }

        index.ThrowIfSharded();
        (JobRecord? job, string? refusal) = await evaluations.StartAsync(
            model, index, filter, pictures, queries, context.User.Identity?.Name, cancellationToken);
        return job is null ? Problems.TooFewLabels(refusal!) : JobsApi.Accepted(job);
    }

    private static async Task<Results<Ok<ModelEvaluationList>, ProblemHttpResult>> List(
        VisibleModels models,
        VisibleEvaluations evaluations,
        SearchService search,
        string model,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Measurements a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        int before = int.MaxValue;
        if (cursor is not null && !(int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before) && before > 0))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        (int id, ProblemHttpResult? wrong) = await FindAsync(models, model, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<EvaluationRecord> found = await evaluations.ListAsync(id, before, count + 1, cancellationToken);
        List<string> plots = await evaluations.FigureNamesAsync(id, cancellationToken);
        return TypedResults.Ok(new ModelEvaluationList(
            [.. found.Take(count).Select(e => new ModelEvaluationResponse(e.Id, e.JobId, e.Target, e.CreatedAt, JsonElement.Parse(e.Result)))],
            [.. plots.Where(name => PlotName.Resolve(name, []) is not null)],
            found.Count > count ? found[count - 1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Plot(
        HttpContext context, VisibleModels models, VisibleEvaluations evaluations, SearchService search, string model, string name, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        (int id, ProblemHttpResult? wrong) = await FindAsync(models, model, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        name = RawPath.Decode(name);
        if (PlotName.Resolve(name, context.Request.GetTypedHeaders().Accept) is not { } file
            || await evaluations.FindFigureAsync(id, file, cancellationToken) is not { } figure)
        {
            List<string> known = await evaluations.FigureNamesAsync(id, cancellationToken);
            return Problems.NoPlot(name, known.Where(k => PlotName.Resolve(k, []) is not null));
        }

        // The next measurement replaces it. A picture of markup runs nothing, whatever labels are written in it.
        context.Response.Headers.CacheControl = "private, no-cache";
        context.Response.Headers.Vary = "Accept";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";
        return TypedResults.File(figure.Bytes, figure.ContentType);
    }

    private static async Task<(int Id, ProblemHttpResult? Problem)> FindAsync(VisibleModels models, string model, CancellationToken cancellationToken)
    {
        model = RawPath.Decode(model);
        List<KeyValuePair<string, int>> known = await models.NamesAsync(cancellationToken);
        int at = known.FindIndex(m => m.Key == model);
        return at < 0 ? (0, Problems.NoModel(model, known.Select(m => m.Key))) : (known[at].Value, null);
    }
}
