using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Core.Models;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Models;

/// <summary>What hosts do with models: list and describe them, let them in, out and go.</summary>
public sealed class ModelCatalogue
{
    private readonly Database database;
    private readonly ModelStore models;
    private readonly EncoderPool encoders;
    private readonly TimeProvider clock;

    internal ModelCatalogue(Database database, ModelStore models, EncoderPool encoders, TimeProvider clock)
    {
        this.database = database;
        this.models = models;
        this.encoders = encoders;
        this.clock = clock;
    }

    /// <summary>Models in the order in which they came.</summary>
    /// <param name="after">Number after which to begin; 0 for the start.</param>
    /// <param name="limit">Most models to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<ModelRecord>> ListAsync(int after, int limit, CancellationToken cancellationToken) =>
        models.ListAsync(after, limit, cancellationToken);

    /// <summary>Names of all models, with their numbers, in the order in which they came.</summary>
    public Task<List<KeyValuePair<string, int>>> NamesAsync(CancellationToken cancellationToken) => models.NamesAsync(cancellationToken);

    /// <summary>What all models were made of, in the order in which they came.</summary>
    public async Task<List<ModelOrigin>> OriginsAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (context, token) => context.Models.OrderBy(m => m.Id).Select(m => new { m.Name, m.Id, m.Lineage }).ToListAsync(token), cancellationToken);
        return rows.ConvertAll(row =>
        {
            JsonElement lineage = JsonElement.Parse(row.Lineage ?? "{}");
            return lineage.TryGetProperty("request", out JsonElement request) && request.ValueKind == JsonValueKind.Object && request.TryGetProperty("source", out JsonElement source)
                ? new ModelOrigin(row.Name, row.Id, TextOf(source, "collection"), TextOf(source, "dataset"))
                : new ModelOrigin(row.Name, row.Id, null, null);
        });

        static string? TextOf(JsonElement element, string member) => element.TryGetProperty(member, out JsonElement value) ? value.GetString() : null;
    }

    /// <summary>Checks the files of a model and stores it; the same model again is found again.</summary>
    /// <param name="headPath">The head file.</param>
    /// <param name="backbonePath">The backbone file; null when another model that is stored has the same backbone.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<ModelImport> ImportAsync(string headPath, string? backbonePath, string? by, CancellationToken cancellationToken)
    {
        byte[] head = await File.ReadAllBytesAsync(headPath, cancellationToken);
        try
        {
            byte[] backbone = backbonePath is not null
                ? await File.ReadAllBytesAsync(backbonePath, cancellationToken)
                : await FindBackboneAsync(head, cancellationToken);
            NewModel model = await Task.Run(() => NewModel.Check(head, backbone), cancellationToken);
            string name = model.Description.Name;
            if (CatalogueRules.CheckCollectionName(name) is { } wrong)
            {
                return ModelImport.Refused(wrong.Replace("A collection's name", "A model's name", StringComparison.Ordinal));
            }

            (ModelInfo Model, bool IsNew)? added = await AddAsync(model, by, cancellationToken);
            return new ModelImport(await FindAsync(name, cancellationToken), added?.IsNew == true, null) { IsOther = added is null };
        }
        catch (InvalidDataException error)
        {
            return ModelImport.Refused(error.Message);
        }
    }

    private Task<(ModelInfo Model, bool IsNew)?> AddAsync(NewModel model, string? by, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            (ModelInfo Model, bool IsNew)? added = await models.AddAsync(context, model, token);
            if (added is var (stored, isNew) && isNew)
            {
                var line = new AuditLine(by, AuditActions.ModelImported, null, model.Description.Name, After: StateOf(stored.Description, stored.Digest));
                AuditTrail.Add(context, line, clock.GetUtcNow().UtcDateTime);
                await context.SaveChangesAsync(token);
            }

            return added;
        },
        cancellationToken);

    private static object StateOf(ModelDescription description, string headDigest) =>
        new { description.Method, description.Bits, Digest = description.DigestWith(headDigest) };

    /// <summary>Finds a model with all that is known of it.</summary>
    public async Task<ModelDetails?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync(
            (context, token) => context.Models.Where(m => m.Name == name)
                .Select(m => new { m.Id, m.ParentId, Parent = context.Models.Where(p => p.Id == m.ParentId).Select(p => p.Name).FirstOrDefault(), m.JobId, m.Lineage })
                .SingleOrDefaultAsync(token),
            cancellationToken);
        return row is null || (await models.ListAsync(row.Id - 1, 1, cancellationToken)).Find(record => record.Id == row.Id) is not { } record
            ? null
            : new ModelDetails(record, row.Parent, row.JobId, row.Lineage);
    }

    /// <summary>Reads a file of a model.</summary>
    /// <param name="name">The model.</param>
    /// <param name="backbone">The backbone's file; or else the head's.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The file and the SHA-256 of its bytes; null when there is no such model.</returns>
    public async Task<(byte[] File, string Sha256)?> ReadFileAsync(string name, bool backbone, CancellationToken cancellationToken)
    {
        byte[]? file = await database.ReadAsync(
            (context, token) => backbone
                ? context.Models.Where(m => m.Name == name).Join(context.Backbones, m => m.BackboneDigest, b => b.Digest, (_, b) => b.File).SingleOrDefaultAsync(token)
                : context.Models.Where(m => m.Name == name).Select(m => m.Head).SingleOrDefaultAsync(token),
            cancellationToken);
        return file is null ? null : (file, Convert.ToHexStringLower(SHA256.HashData(file)));
    }

    /// <summary>Deletes a model with its figures and measurements.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>Whether it is gone now.</returns>
    public async Task<ModelDeletion> DeleteAsync(string name, string? by, CancellationToken cancellationToken)
    {
        (ModelDeletion deletion, int id) = await database.WriteAsync(
            async (context, token) =>
            {
                StoredModel? model = await context.Models.AsTracking().SingleOrDefaultAsync(m => m.Name == name, token);
                if (model is null)
                {
                    return (new ModelDeletion(ModelDeletionStatus.NoModel, []), 0);
                }

                if (name == models.DefaultName)
                {
                    return (new ModelDeletion(ModelDeletionStatus.IsDefault, []), 0);
                }

                string[] users = await context.Generations.Where(g => g.ModelId == model.Id)
                    .Join(context.Collections, g => g.CollectionId, c => c.Id, (_, c) => c.Name).Distinct().ToArrayAsync(token);
                if (users.Length > 0)
                {
                    return (new ModelDeletion(ModelDeletionStatus.InUse, [.. users.Order(StringComparer.Ordinal)]), 0);
                }

                string[] children = await context.Models.Where(m => m.ParentId == model.Id).Select(m => m.Name).OrderBy(n => n).ToArrayAsync(token);
                if (children.Length > 0)
                {
                    return (new ModelDeletion(ModelDeletionStatus.HasChildren, children), 0);
                }

                string digest = model.BackboneDigest;
                var known = ModelInfo.From(model);
                context.Models.Remove(model);
                AuditTrail.Add(
                    context, new AuditLine(by, AuditActions.ModelDeleted, null, name, StateOf(known.Description, known.Digest)), clock.GetUtcNow().UtcDateTime);
                await context.SaveChangesAsync(token);
                await context.Backbones.Where(b => b.Digest == digest && !context.Models.Any(m => m.BackboneDigest == digest)).ExecuteDeleteAsync(token);
                return (new ModelDeletion(ModelDeletionStatus.Deleted, []), model.Id);
            },
            cancellationToken);
        if (deletion.Status == ModelDeletionStatus.Deleted)
        {
            models.Forget(id);
            await encoders.CloseAsync(id);
        }

        return deletion;
    }

    private async Task<byte[]> FindBackboneAsync(byte[] head, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(head, writable: false);
        SafetensorsFile header = SafetensorsFile.Read(stream);
        if (!header.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json))
        {
            throw new InvalidDataException($"The model's head has no description: its metadata lacks '{ModelDescription.MetadataKey}'.");
        }

        string digest = ModelDescription.FromJson(json).Backbone.Digest;
        return await database.ReadAsync(
                (context, token) => context.Backbones.Where(b => b.Digest == digest).Select(b => b.File).SingleOrDefaultAsync(token), cancellationToken)
            ?? throw new InvalidDataException($"No stored model has the backbone {digest} of this one: send its file as the field 'backbone'.");
    }
}
