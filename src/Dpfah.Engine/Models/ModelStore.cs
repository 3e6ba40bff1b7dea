using System.Collections.Concurrent;
using System.Security.Cryptography;
using Dpfah.Core.Models;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Models;

/// <summary>Models in the database, cached as files by their digest.</summary>
internal sealed class ModelStore(Database database, IFirstModel first, EngineOptions options, TimeProvider clock)
{
    private const string Extension = ".safetensors";

    // A stored model never changes; its description stands in a head file of some hundred kilobytes.
    private readonly ConcurrentDictionary<int, ModelInfo> known = new();

    /// <summary>Name of the model that new collections start with.</summary>
    public string DefaultName => first.Name;

    private string CacheFolder => Path.Combine(options.DataFolder, "models");

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

    /// <summary>Checks a model's files and stores them; a model of the same name and digest is found again.</summary>
    /// <exception cref="InvalidDataException">The files do not belong together, or are damaged.</exception>
    public async Task<ModelInfo> ImportAsync(ModelFiles files, CancellationToken cancellationToken)
    {
        byte[] head = await File.ReadAllBytesAsync(files.HeadPath, cancellationToken);
        byte[] backbone = await File.ReadAllBytesAsync(files.BackbonePath, cancellationToken);
        string headDigest = DigestOf(head, out ModelDescription? description);
        string backboneDigest = DigestOf(backbone, out _);
        if (description is null)
        {
            throw new InvalidDataException($"{files.HeadPath} has no '{ModelDescription.MetadataKey}' description in its header.");
        }

        if (description.Backbone.Digest != backboneDigest)
        {
            throw new InvalidDataException(
                $"The model '{description.Name}' wants backbone {description.Backbone.Digest}; the file has {backboneDigest}.");
        }

        return await database.WriteAsync(
            async (context, token) =>
            {
                StoredModel? model = await context.Models.SingleOrDefaultAsync(m => m.Name == description.Name, token);
                if (model is not null)
                {
                    return model.Digest == headDigest
                        ? ModelInfo.From(model)
                        : throw new InvalidDataException($"Another model is already named '{description.Name}'.");
                }

                if (!await context.Backbones.AnyAsync(b => b.Digest == backboneDigest, token))
                {
                    context.Backbones.Add(new StoredBackbone { Digest = backboneDigest, File = backbone });
                }

                model = new StoredModel
                {
                    Name = description.Name,
                    Digest = headDigest,
                    BackboneDigest = backboneDigest,
                    Head = head,
                    CreatedAt = clock.GetUtcNow().UtcDateTime,
                };
                context.Models.Add(model);
                await context.SaveChangesAsync(token);
                return ModelInfo.From(model);
            },
            cancellationToken);
    }

    /// <summary>The model's files in the local cache, fetched from the database when they are not there or were altered.</summary>
    public async Task<ModelFiles> FetchAsync(int modelId, CancellationToken cancellationToken)
    {
        StoredModel model = await database.ReadAsync(
            (context, token) => context.Models.SingleAsync(m => m.Id == modelId, token), cancellationToken);
        Directory.CreateDirectory(CacheFolder);
        string backbone = Path.Combine(CacheFolder, model.BackboneDigest + Extension);
        if (!IsBackbone(backbone, model.BackboneDigest))
        {
            await CacheAsync(backbone, await database.ReadAsync(
                (context, token) => context.Backbones.Where(b => b.Digest == model.BackboneDigest).Select(b => b.File).SingleAsync(token),
                cancellationToken));
        }

        // Heads of the same tensors may differ in what they say of themselves, such as their backbone: the whole file counts.
        string head = Path.Combine(CacheFolder, Convert.ToHexStringLower(SHA256.HashData(model.Head)) + Extension);
        if (!File.Exists(head) || !(await File.ReadAllBytesAsync(head, cancellationToken)).AsSpan().SequenceEqual(model.Head))
        {
            await CacheAsync(head, model.Head);
        }

        return new ModelFiles(backbone, head);
    }

    /// <summary>Writes a file, which appears under its name when it is complete.</summary>
    private async Task CacheAsync(string path, byte[] file)
    {
        string temporary = Path.Combine(CacheFolder, $".{Guid.NewGuid():n}");
        await File.WriteAllBytesAsync(temporary, file);
        File.Move(temporary, path, overwrite: true);
    }

    private static bool IsBackbone(string path, string digest)
    {
        try
        {
            if (!File.Exists(path))
            {
                return false;
            }

            using FileStream stream = File.OpenRead(path);
            return SafetensorsFile.Read(stream).Digest(stream) == digest;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static string DigestOf(byte[] file, out ModelDescription? description)
    {
        using var stream = new MemoryStream(file, writable: false);
        SafetensorsFile header = SafetensorsFile.Read(stream);
        description = header.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json) ? ModelDescription.FromJson(json) : null;
        return header.Digest(stream);
    }
}
