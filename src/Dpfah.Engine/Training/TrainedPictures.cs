using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Which pictures a model has seen: the manifest of its training, kept beside its figures.</summary>
/// <remarks>
/// Of each picture the digest of its bytes and its part are kept, so that the model is not measured on what it was trained on: neither
/// id nor labels, since the picture may be deleted.
/// </remarks>
internal sealed class TrainedPictures(Database database)
{
    /// <summary>Name of the manifest among a model's figures: a JSON object with digest and part a line, compressed.</summary>
    public const string FileName = "manifest.ndjson.gz";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

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
            // Of models from before, the whole manifest was kept; what else it tells is passed over.
            TrainedPicture item = JsonSerializer.Deserialize<TrainedPicture>(line, Json)!;

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
        await using (var writer = new StreamWriter(zip) { NewLine = "\n" })
        {
            await foreach (string line in File.ReadLinesAsync(path, cancellationToken))
            {
                CollectionItem item = CollectionItem.FromJson(line);
                await writer.WriteLineAsync(JsonSerializer.Serialize(new TrainedPicture(item.Digest, item.Part), Json).AsMemory(), cancellationToken);
            }
        }

        return (FileName, "application/gzip", packed.ToArray());
    }

    private sealed record TrainedPicture(string Digest, CollectionPart Part);
}
