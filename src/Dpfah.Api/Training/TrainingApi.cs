using System.ComponentModel;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Core.Models;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Dpfah.Engine.Training;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Training;

/// <summary>Trainings: started, repeated. How they go on is told by their jobs.</summary>
internal static class TrainingApi
{
    public static void MapTraining(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/training-jobs", StartAsync)
            .WithTags("Training").WithQueryGuard()
            .RequireAuthorization(Policies.Trainer)
            .KeepsToCollections()
            .WithName("startTraining")
            .WithSummary("Train a model on a collection or a data set")
            .WithDescription("202 with the job, whose 'request' has every default filled in. Its events tell the loss and, on pictures that are kept from the training, the mAP of "
                + "each epoch; its result is a model with metrics, figures and its origin. 'itq' needs no labels: it is what to run first on an own catalogue. 409 when the name is taken; "
                + "422 with a code when nothing could come of it: one label only, labels of one picture, no labels, too few pictures, or something that is not known.")
            .Accepts<TrainingJobRequest>("application/json")
            .ProducesProblems(409, 413, 415, 422);
        routes.MapPost("/models/{model}/retrain", RetrainAsync)
            .WithTags("Training").WithQueryGuard()
            .RequireAuthorization(Policies.Trainer)
            .KeepsToCollections()
            .WithName("retrainModel")
            .WithSummary("Repeat the training of a model on the labels of today")
            .WithDescription("The same request as the one that made the model, on its collection as it is now, starting from that model, under a new name.")
            .Accepts<RetrainRequest>(isOptional: true, "application/json")
            .ProducesProblems(404, 409, 413, 415, 422);
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> StartAsync(
        HttpContext context,
        TrainingJobs trainings,
        TrainingDefaults defaults,
        VisibleModels models,
        SearchService search,
        CollectionScope scope,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        (TrainingJobRequest? body, ProblemHttpResult? problem) = await JsonBody.ReadAsync<TrainingJobRequest>(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (body?.Name is null || body.Source is null)
        {
            return Problems.BadBody("A training has a 'name', and a 'source' such as {\"collection\": \"default\"}.");
        }

        if (!scope.IsAll)
        {
            if (body.Source.Collection is not { } collection)
            {
                return Problems.LimitedKey();
            }

            if (!scope.Allows(collection))
            {
                return Problems.TrainingRefused("collection-not-found", TrainingJobs.NoCollection(collection), isConflict: false);
            }

            if (body.Parent is { } parentName && await models.FindAsync(parentName, cancellationToken) is null)
            {
                return Problems.TrainingRefused("parent-not-found", TrainingJobs.NoParent(parentName), isConflict: false);
            }
        }

        return await RefusedAsync(async () =>
        {
            ModelDescription? parent = body.Parent is null ? null : await trainings.FindModelAsync(body.Parent, cancellationToken);
            TrainingRequest request = defaults.Complete(body, parent);
            if (request.Source.Dataset is not null)
            {
                await Task.Run(() => TrainingDefaults.CheckDataset(request), cancellationToken);
            }

            return await trainings.StartAsync(request, context.User.Identity?.Name, cancellationToken);
        });
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> RetrainAsync(
        HttpContext context,
        TrainingJobs trainings,
        VisibleModels models,
        SearchService search,
        [Description("Name of a model that was trained here.")] string model,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        (RetrainRequest? body, ProblemHttpResult? problem) = await JsonBody.ReadAsync<RetrainRequest>(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        List<KeyValuePair<string, int>> names = await models.NamesAsync(cancellationToken);
        int at = names.FindIndex(known => known.Key == model);
        if (at >= 0 && !await models.IsTrainingSeenAsync(names[at].Value, cancellationToken))
        {
            return Problems.LimitedKey();
        }

        return at >= 0
            ? await RefusedAsync(async () => (await trainings.RetrainAsync(model, body?.Name, context.User.Identity?.Name, cancellationToken))!)
            : Problems.NoModel(model, names.Select(known => known.Key));
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> RefusedAsync(Func<Task<JobRecord>> start)
    {
        try
        {
            return JobsApi.Accepted(await start());
        }
        catch (TrainingRefusedException error)
        {
            return Problems.TrainingRefused(error.Code, error.Message, error.IsConflict);
        }
    }
}
