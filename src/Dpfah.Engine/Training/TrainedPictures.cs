using System.IO.Compression;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Which pictures a model has seen: the manifest of its training, kept beside its figures.</summary>
internal sealed class TrainedPictures(Database database)
{
    /// <summary>Name of the manifest among a model's figures: <see cref="CollectionItem"/>s, a line each, compressed.</summary>
    public const string FileName = "manifest.ndjson.gz";

    /// <summary>The parts of the pictures of a model's training, by the SHA-256 of their bytes as uploaded, lower-case hex.</summary>
    /// <param name="modelId">The model.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>Null for a model that was not trained on a collection of this service: nothing is known of what it has seen.</returns>
    public async Task<Dictionary<string, CollectionPart>?> ReadAsync(int modelId, CancellationToken cancellationToken)
    {
        byte[]? packed = await database.ReadAsync(
            (context, token) => context.Figures.Where(f => f.ModelId == modelId && f.Name == FileName).Select(f => f.Bytes).SingleOrDefaultAsync(token),
            cancellationToken);
        if (packed is null)
        {
            return null;
        }

        var parts = new Dictionary<string, CollectionPart>(StringComparer.Ordinal);
        using var reader = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            CollectionItem item = CollectionItem.FromJson(line);

            // The same picture under two ids and labels may be in two parts: what was seen once, was seen.
            if (!parts.TryGetValue(item.Digest, out CollectionPart part) || IsKept(part))
            {
                parts[item.Digest] = item.Part;
            }
        }

        return parts;
    }

    /// <summary>Whether a part is kept from the training.</summary>
    public static bool IsKept(CollectionPart part) => part is CollectionPart.Query or CollectionPart.Database;

    /// <summary>The manifest as it is kept.</summary>
    internal static async Task<(string Name, string ContentType, byte[] Bytes)> PackAsync(string path, CancellationToken cancellationToken)
    {
        using var packed = new MemoryStream();
        await using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        await using (FileStream manifest = File.OpenRead(path))
        {
            await manifest.CopyToAsync(zip, cancellationToken);
        }

        return (FileName, "application/gzip", packed.ToArray());
    }
}
