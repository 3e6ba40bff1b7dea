using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Dpfah.Core.Models;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Models;

/// <summary>Models in the database: the one place that stores them, and what describes them.</summary>
/// <remarks>Their files on disk are the <see cref="ModelCache"/>'s; what hosts do with models is the <see cref="ModelCatalogue"/>'s.</remarks>
internal sealed class ModelStore(Database database, IFirstModel first, TimeProvider clock)
{
    // Among a model's figures: what its job told in the end.
    private const string SummaryName = "summary.json";

    // A stored model never changes; its description stands in a head file of some hundred kilobytes.
    private readonly ConcurrentDictionary<int, ModelInfo> known = new();

    /// <summary>Name of the model that new collections start with.</summary>
    public string DefaultName => first.Name;

    /// <summary>The first model, which new collections start with; made when it is not stored yet.</summary>
    public async Task<ModelInfo> EnsureFirstModelAsync(IProgress<(string Step, double Done)> progress, CancellationToken cancellationToken)
    {
        if (await FindDefaultAsync(cancellationToken) is { } known)
        {
            return known;
        }

        string folder = Directory.CreateTempSubdirectory("dpfah-model-").FullName;
        try
        {
            ModelFiles files = await Task.Run(() => first.Create(folder, progress, cancellationToken), cancellationToken);
            return await ImportAsync(files, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A model that the host brings along; stored when none of its name is.</summary>
    /// <exception cref="InvalidDataException">Its files do not belong together, or are damaged.</exception>
    public async Task<ModelInfo> EnsureAsync(InitialModel initial, CancellationToken cancellationToken)
    {
        int id = (await NamesAsync(cancellationToken)).Find(model => model.Key == initial.Name).Value;
        return id == 0 ? await ImportAsync(initial.Files, cancellationToken) : await GetAsync(id, cancellationToken);
    }

    /// <summary>The model that new collections start with.</summary>
    /// <exception cref="NotReadyException">No model is stored yet.</exception>
    public async Task<ModelInfo> GetDefaultAsync(CancellationToken cancellationToken) =>
        await FindDefaultAsync(cancellationToken) ?? throw new NotReadyException("The first model is not ready yet.");

    private Task<ModelInfo?> FindDefaultAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (context, token) =>
            {
                StoredModel? model = await context.Models.SingleOrDefaultAsync(m => m.Name == first.Name, token);
                return model is null ? null : ModelInfo.From(model);
            },
            cancellationToken);

    /// <summary>Reads a model's name and description.</summary>
    public async Task<ModelInfo> GetAsync(int modelId, CancellationToken cancellationToken)
    {
        if (!known.TryGetValue(modelId, out ModelInfo? model))
        {
            model = await database.ReadAsync(
                async (context, token) => ModelInfo.From(await context.Models.SingleAsync(m => m.Id == modelId, token)), cancellationToken);
            known[modelId] = model;
        }

        return model;
    }

    /// <summary>Forgets a model that is gone.</summary>
    public void Forget(int modelId) => known.TryRemove(modelId, out _);

    /// <summary>Finds a model by name.</summary>
    public async Task<ModelInfo?> FindAsync(string name, CancellationToken cancellationToken)
    {
        int id = await database.ReadAsync(
            (context, token) => context.Models.Where(m => m.Name == name).Select(m => m.Id).SingleOrDefaultAsync(token), cancellationToken);
        return id == 0 ? null : await GetAsync(id, cancellationToken);
    }

    /// <summary>What was told of the model that a job has made; null when it has made none yet.</summary>
    public Task<string?> FindByJobAsync(long jobId, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) => await context.Models.Where(m => m.JobId == jobId)
            .Join(context.Figures.Where(f => f.Name == SummaryName), m => m.Id, f => f.ModelId, (m, f) => f.Bytes)
            .SingleOrDefaultAsync(token) is { } bytes ? Encoding.UTF8.GetString(bytes) : null,
        cancellationToken);

    /// <summary>Where a model comes from; null when that is not known.</summary>
    public async Task<ModelLineage?> FindLineageAsync(int modelId, CancellationToken cancellationToken)
    {
        string? lineage = await database.ReadAsync(
            (context, token) => context.Models.Where(m => m.Id == modelId).Select(m => m.Lineage).SingleOrDefaultAsync(token), cancellationToken);
        return lineage is null ? null : JsonSerializer.Deserialize<ModelLineage>(lineage, JobJson.Options);
    }

    /// <summary>Stores a model of this program's own; the same one again is found again.</summary>
    /// <exception cref="InvalidDataException">The files do not belong together, or are damaged; or another model has the name.</exception>
    public async Task<ModelInfo> ImportAsync(ModelFiles files, CancellationToken cancellationToken)
    {
        NewModel model = await NewModel.ReadOwnAsync(files, cancellationToken);
        return await AddAsync(model, cancellationToken) is var (stored, _)
            ? stored
            : throw new InvalidDataException($"Another model is already named '{model.Description.Name}'.");
    }

    /// <summary>Stores a model unless it is there.</summary>
    /// <returns>The model as it is stored, and whether it is new; null when another model has its name.</returns>
    public Task<(ModelInfo Model, bool IsNew)?> AddAsync(NewModel model, CancellationToken cancellationToken) =>
        database.WriteAsync((context, token) => AddAsync(context, model, token), cancellationToken);

    /// <summary>Stores a model that a job has made, with its figures, in a transaction of the job.</summary>
    /// <param name="context">The transaction.</param>
    /// <param name="model">The model.</param>
    /// <param name="collectionId">The collection whose pictures they show; null for those of a data set.</param>
    /// <param name="figures">Its figures.</param>
    /// <param name="shown">What these show of the collection, as it was trained on, by public id.</param>
    /// <param name="evaluation">What it was measured on and the metrics as JSON; null when it was not.</param>
    /// <param name="summary">What the job tells of it, as JSON.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <exception cref="InvalidDataException">A model has its name.</exception>
    public async Task<int> AddMadeAsync(
        DpfahContext context,
        NewModel model,
        int? collectionId,
        IReadOnlyList<(string Name, string ContentType, byte[] Bytes)> figures,
        IReadOnlyDictionary<string, ShownPicture> shown,
        (string Target, string Result)? evaluation,
        string summary,
        CancellationToken cancellationToken)
    {
        // Also one of the same tensors: it has another origin.
        if (await AddAsync(context, model, cancellationToken) is not var (stored, isNew) || !isNew)
        {
            throw new InvalidDataException($"Another model was named '{model.Description.Name}' meanwhile.");
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        foreach ((string name, string contentType, byte[] bytes) in figures.Append((SummaryName, "application/json", Encoding.UTF8.GetBytes(summary))))
        {
            context.Figures.Add(new StoredFigure { ModelId = stored.Id, Name = name, ContentType = contentType, Bytes = bytes });
        }

        if (evaluation is var (target, result))
        {
            context.Evaluations.Add(new Evaluation { ModelId = stored.Id, JobId = model.JobId, Target = target, Result = result, CreatedAt = now });
        }

        await context.SaveChangesAsync(cancellationToken);
        Dictionary<string, long>? unchanged = collectionId is { } collection
            ? await FigurePictures.LockAsync(database, context, collection, shown, cancellationToken)
            : null;
        await FigurePictures.NoteAsync(context, stored.Id, unchanged, figures.Select(figure => (figure.Name, figure.Bytes)), cancellationToken);
        return stored.Id;
    }

    /// <summary>The one way into the table, in a transaction of the caller.</summary>
    /// <inheritdoc cref="AddAsync(NewModel, CancellationToken)"/>
    internal async Task<(ModelInfo Model, bool IsNew)?> AddAsync(DpfahContext context, NewModel model, CancellationToken cancellationToken)
    {
        if (await context.Models.SingleOrDefaultAsync(m => m.Name == model.Description.Name, cancellationToken) is { } stored)
        {
            // The head's tensors may be the same under another backbone or other preprocessing.
            var known = ModelInfo.From(stored);
            return known.Description.DigestWith(known.Digest) == model.Description.DigestWith(model.HeadDigest) ? (known, false) : null;
        }

        string backboneDigest = model.Description.Backbone.Digest;
        if (!await context.Backbones.AnyAsync(b => b.Digest == backboneDigest, cancellationToken))
        {
            context.Backbones.Add(new StoredBackbone { Digest = backboneDigest, File = model.Backbone });
        }

        stored = new StoredModel
        {
            Name = model.Description.Name,
            Digest = model.HeadDigest,
            BackboneDigest = backboneDigest,
            Head = model.Head,
            ParentId = model.ParentId,
            JobId = model.JobId,
            Lineage = model.Lineage,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        };
        context.Models.Add(stored);
        await context.SaveChangesAsync(cancellationToken);
        return (ModelInfo.From(stored), true);
    }

    /// <summary>Names of all models, with their numbers, in the order in which they came.</summary>
    public Task<List<KeyValuePair<string, int>>> NamesAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            (context, token) => context.Models.OrderBy(m => m.Id).Select(m => new KeyValuePair<string, int>(m.Name, m.Id)).ToListAsync(token),
            cancellationToken);

    /// <summary>Models after a number, in the order in which they came.</summary>
    public async Task<List<ModelRecord>> ListAsync(int after, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (context, token) => context.Models.Where(m => m.Id > after).OrderBy(m => m.Id).Take(limit)
                .Select(m => new { m.Id, m.CreatedAt }).ToListAsync(token),
            cancellationToken);
        var records = new List<ModelRecord>(rows.Count);
        foreach (var row in rows)
        {
            (int id, string headDigest, ModelDescription description) = await GetAsync(row.Id, cancellationToken);
            records.Add(new ModelRecord(id, description, description.DigestWith(headDigest), row.CreatedAt, description.Name == first.Name));
        }

        return records;
    }
}
