using System.IO.Compression;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Dpfah.Engine.Training;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Knows which pictures a model was trained on, by the digests of their bytes.</summary>
internal sealed class SeenPictures(Database database, TrainedPictures trained)
/// <summary>Knows which pictures a model has seen while it was trained, by the digests of their bytes.</summary>
internal sealed class SeenPictures(Database database)
{
    /// <summary>Name of a training's manifest among the figures of its model: <see cref="CollectionItem"/>s, a line each, compressed.</summary>
    public const string ManifestName = "manifest.ndjson.gz";

    /// <summary>Digests of the pictures that a model, or one that it started from, was trained on or chosen by.</summary>
    /// <returns>SHA-256 of the bytes as uploaded, lower-case hex; empty for a model that was trained on no collection of this service.</returns>
    public async Task<HashSet<string>> OfAsync(int modelId, CancellationToken cancellationToken)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        for (int? next = modelId; next is { } id;)
        {
            if (await trained.ReadAsync(id, cancellationToken) is { } parts)
            {
                digests.UnionWith(parts.Where(part => part.Value is CollectionPart.Train or CollectionPart.Validation).Select(part => part.Key));
            byte[]? manifest = await database.ReadAsync(
                (context, token) => context.Figures.Where(f => f.ModelId == id && f.Name == ManifestName).Select(f => f.Bytes).SingleOrDefaultAsync(token),
                cancellationToken);
            if (manifest is not null)
            {
                await ReadAsync(manifest, digests, cancellationToken);
            }

            next = await database.ReadAsync(
                (context, token) => context.Models.Where(m => m.Id == id).Select(m => m.ParentId).SingleOrDefaultAsync(token), cancellationToken);
        }

        return digests;
    }

    private static async Task ReadAsync(byte[] manifest, HashSet<string> digests, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(manifest), CompressionMode.Decompress));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            CollectionItem item = CollectionItem.FromJson(line);
            if (item.Part is CollectionPart.Train or CollectionPart.Validation)
            {
                digests.Add(item.Digest);
            }
        }
    }
}
