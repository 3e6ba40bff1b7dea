using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>Measurements of models: started, and read.</summary>
public sealed class EvaluationService
{
    /// <summary>Pictures that are searched in when no number is named.</summary>
    public const int DefaultPictures = 20_000;

    /// <summary>Most pictures that are searched in.</summary>
    public const int MaxPictures = 200_000;

    /// <summary>Pictures that are searched for when no number is named.</summary>
    public const int DefaultQueries = 1_000;

    /// <summary>Most pictures that are searched for.</summary>
    public const int MaxQueries = 20_000;

    private readonly Database database;
    private readonly JobQueue queue;
    private readonly EvaluationTargets targets;

    internal EvaluationService(Database database, JobQueue queue, EvaluationTargets targets)
    {
        this.database = database;
        this.queue = queue;
        this.targets = targets;
    }

    /// <summary>Queues a measurement.</summary>
    /// <param name="model">Name of a model that there is.</param>
    /// <param name="index">The collection.</param>
    /// <param name="filter">Which pictures; null for all that are labelled.</param>
    /// <param name="pictures">Most pictures that are searched in.</param>
    /// <param name="queries">Most pictures that are searched for.</param>
    /// <param name="createdBy">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The job; or a sentence that says why nothing could be measured.</returns>
    public async Task<(JobRecord? Job, string? Refusal)> StartAsync(
        string model, CollectionIndex index, SearchFilter? filter, int pictures, int queries, string? createdBy, CancellationToken cancellationToken)
    {
        if (EvaluatedPictures.Check(await targets.ChooseAsync(index, filter, pictures, cancellationToken)) is { } refusal)
        {
            return (null, refusal);
        }

        var request = new EvaluationRequest(model, index.Name, filter?.Text, null, null, null, pictures, queries);
        return (await queue.EnqueueAsync(
            new NewJob(EvaluationJob.KindName, JobLanes.Encoding, JsonSerializer.Serialize(request, JobJson.Options), createdBy, index.CollectionId, index.Name),
            [],
            cancellationToken), null);
    }

    /// <summary>Queues a measurement on a data set.</summary>
    /// <param name="model">Name of a model that there is.</param>
    /// <param name="dataset">Name of the data set.</param>
    /// <param name="path">Its folder; null for where it lies by default.</param>
    /// <param name="split">How it is split; null for the split that it brings, or that its protocol makes.</param>
    /// <param name="pictures">Most pictures that are searched in.</param>
    /// <param name="queries">Most pictures that are searched for.</param>
    /// <param name="createdBy">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The job; or a sentence that says why nothing could be measured.</returns>
    public async Task<(JobRecord? Job, string? Refusal)> StartAsync(
        string model, string dataset, string? path, DatasetSplit? split, int pictures, int queries, string? createdBy, CancellationToken cancellationToken)
    {
        try
        {
            DatasetPictures opened = await targets.OpenAsync(dataset, path, split, cancellationToken);
            if (opened.Queries.Count == 0 || opened.Database.Count == 0)
            {
                return (null, $"{opened.Title} has {opened.Queries.Count} queries and {opened.Database.Count} pictures to search in; a model is measured on both.");
            }
        }
        catch (InvalidDataException error)
        {
            return (null, error.Message);
        }

        var request = new EvaluationRequest(model, null, null, dataset, path, split, pictures, queries);
        return (await queue.EnqueueAsync(
            new NewJob(EvaluationJob.KindName, JobLanes.Encoding, JsonSerializer.Serialize(request, JobJson.Options), createdBy), [], cancellationToken), null);
    }

    /// <summary>Measurements of a model, the newest first.</summary>
    /// <param name="modelId">The model.</param>
    /// <param name="before">Number before which to begin; null for the newest.</param>
    /// <param name="limit">Most measurements to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<EvaluationRecord>> ListAsync(int modelId, int? before, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.Evaluations.Where(e => e.ModelId == modelId && (before == null || e.Id < before))
            .OrderByDescending(e => e.Id).Take(limit)
            .Select(e => new EvaluationRecord(e.Id, e.JobId, e.Target, e.Result, e.CreatedAt)).ToListAsync(token),
        cancellationToken);

    /// <summary>Names of the files of a model's figures, in ordinal order.</summary>
    public async Task<List<string>> FigureNamesAsync(int modelId, CancellationToken cancellationToken)
    {
        List<string> names = await database.ReadAsync(
            (context, token) => context.Figures.Where(f => f.ModelId == modelId).Select(f => f.Name).ToListAsync(token), cancellationToken);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>A file of a model's figures; null when there is none of that name.</summary>
    public Task<FigureFile?> FindFigureAsync(int modelId, string name, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.Figures.Where(f => f.ModelId == modelId && f.Name == name)
            .Select(f => new FigureFile(f.Name, f.ContentType, f.Bytes)).SingleOrDefaultAsync(token),
        cancellationToken);
}

/// <summary>A measurement of a model.</summary>
/// <param name="Id">Its number.</param>
/// <param name="JobId">The job that made it; null when that is not known.</param>
/// <param name="Target">What was measured on, in words.</param>
/// <param name="Result">What came of it: a JSON object with <c>metrics</c> and <c>counts</c>.</param>
/// <param name="CreatedAt">When, UTC.</param>
public sealed record EvaluationRecord(int Id, long? JobId, string Target, string Result, DateTime CreatedAt);
