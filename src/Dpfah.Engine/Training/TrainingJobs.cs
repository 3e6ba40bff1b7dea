using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dpfah.Core.Models;
using Dpfah.Core.Training;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Starts trainings: checks all that can be checked before anything runs, then queues a job.</summary>
public sealed partial class TrainingJobs
{
    private readonly Database database;
    private readonly TrainingItems items;
    private readonly ModelStore models;
    private readonly JobQueue queue;

    internal TrainingJobs(Database database, TrainingItems items, ModelStore models, JobQueue queue)
    {
        this.database = database;
        this.items = items;
        this.models = models;
        this.queue = queue;
    }

    /// <summary>The description of the model of this name; null when there is none.</summary>
    public async Task<ModelDescription?> FindModelAsync(string name, CancellationToken cancellationToken) =>
        (await models.FindAsync(name, cancellationToken))?.Description;

    /// <summary>What is told of a collection that is not there.</summary>
    public static string NoCollection(string collection) => $"There is no collection '{collection}' to train on. GET /collections lists them.";

    /// <summary>What is told of a model to start from that is not there.</summary>
    public static string NoParent(string parent) => $"There is no model '{parent}' to start from. GET /models lists them.";

    /// <summary>Queues a training.</summary>
    /// <param name="request">The training, with every default filled in.</param>
    /// <param name="createdBy">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <exception cref="TrainingRefusedException">It cannot be started: the code and the sentence say why.</exception>
    public async Task<JobRecord> StartAsync(TrainingRequest request, string? createdBy, CancellationToken cancellationToken)
    {
        NewJob job = await CheckAsync(request, createdBy, cancellationToken);
        StoredJob stored = await database.WriteAsync((context, token) => AddAsync(context, request.Name, job, token), cancellationToken);
        queue.Wake();
        return JobReader.Record(stored);
    }

    /// <summary>Repeats the training of a model on the labels of today, starting from that model.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="name">Name of the new model; null for that of the old one with a number.</param>
    /// <param name="createdBy">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>Null when there is no such model.</returns>
    /// <exception cref="TrainingRefusedException">It cannot be started: the code and the sentence say why.</exception>
    public async Task<JobRecord?> RetrainAsync(string model, string? name, string? createdBy, CancellationToken cancellationToken)
    {
        if (await models.FindAsync(model, cancellationToken) is not { } found)
        {
            return null;
        }

        TrainingRequest made = await models.FindLineageAsync(found.Id, cancellationToken) is { } lineage && lineage.Request is { } known
            ? known
            : throw new TrainingRefusedException("no-lineage", $"The model '{model}' was not trained by this service, so there is no training to repeat. Start one by POST /training-jobs with 'parent': '{model}'.");
        return await StartAsync(made with { Name = name ?? await NextNameAsync(model, cancellationToken), Parent = model }, createdBy, cancellationToken);
    }

    /// <summary>Checks a training and makes its job.</summary>
    internal async Task<NewJob> CheckAsync(TrainingRequest request, string? createdBy, CancellationToken cancellationToken)
    {
        if (CatalogueRules.CheckCollectionName(request.Name) is { } fault)
        {
            throw new TrainingRefusedException("bad-name", fault.Replace("A collection's name", "A model's name", StringComparison.Ordinal));
        }

        if (request.Parent is { } parent && await models.FindAsync(parent, cancellationToken) is null)
        {
            throw new TrainingRefusedException("parent-not-found", NoParent(parent));
        }

        int? collectionId = null;
        if (request.Source.Collection is { } collection)
        {
            collectionId = await items.FindCollectionAsync(collection, cancellationToken)
                ?? throw new TrainingRefusedException("collection-not-found", NoCollection(collection));
            if (request.Split.Shares().Fault() is { } wrong)
            {
                throw new TrainingRefusedException("bad-split", wrong);
            }

            List<TrainingItem> read = await items.ReadAsync(collectionId.Value, request, cancellationToken);
            CollectionPart[] parts = CollectionSplit.Make(
                [.. read.Select(item => ((IReadOnlyList<string>)item.Labels, item.Digest))], request.Split.Shares(), request.Split.Seed ?? 0);
            TrainingItems.ThrowIfTooFew(read, parts.Count(part => part == CollectionPart.Train), request);
        }

        return new NewJob(
            TrainingHandler.JobKind, JobLanes.Training, JsonSerializer.Serialize(request, JobJson.Options), createdBy, collectionId, request.Source.Collection);
    }

    /// <summary>Queues a checked training in a transaction of the caller, who wakes the queue after the commit.</summary>
    /// <exception cref="TrainingRefusedException">The name is taken.</exception>
    internal async Task<StoredJob> AddAsync(DpfahContext context, string name, NewJob job, CancellationToken cancellationToken)
    {
        await database.LockTrainingsAsync(context, cancellationToken);
        List<StoredJob> open = await OpenAsync(context, cancellationToken);
        if (open.Find(j => JsonSerializer.Deserialize<TrainingRequest>(j.Request, JobJson.Options)?.Name == name) is { } other)
        {
            throw Taken($"Training job {other.Id} makes a model named '{name}'");
        }

        // After the jobs: a training stores its model first and ends then.
        if (await context.Models.AnyAsync(m => m.Name == name, cancellationToken))
        {
            throw Taken($"A model is already named '{name}'");
        }

        return await queue.AddAsync(context, job, cancellationToken);

        static TrainingRefusedException Taken(string why) => new("name-taken", $"{why}: take another name, or leave it out where a training is repeated.", isConflict: true);
    }

    /// <summary>The trainings that wait or run.</summary>
    internal static Task<List<StoredJob>> OpenAsync(DpfahContext context, CancellationToken cancellationToken) =>
        context.Jobs.Where(j => j.Kind == TrainingHandler.JobKind && j.State <= JobState.Running).ToListAsync(cancellationToken);

    /// <summary>A name for the model that comes after one: <c>shoes</c>, <c>shoes-r2</c>, <c>shoes-r3</c>.</summary>
    internal async Task<string> NextNameAsync(string model, CancellationToken cancellationToken)
    {
        HashSet<string> taken = [.. (await models.NamesAsync(cancellationToken)).Select(m => m.Key)];
        Match match = Numbered().Match(model);
        string stem = match.Success ? model[..match.Index] : model;
        int number = match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
        string next;
        do
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"-r{++number}");
            next = $"{stem[..Math.Min(stem.Length, CatalogueRules.MaxCollectionName - suffix.Length)]}{suffix}";
        }
        while (taken.Contains(next));
        return next;
    }

    [GeneratedRegex("-r([1-9][0-9]{0,5})$")]
    private static partial Regex Numbered();
}
