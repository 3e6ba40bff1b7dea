using System.Text.Json;
using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Knows which pictures a model was trained on, by the digests of their bytes.</summary>
internal sealed class SeenPictures(Database database)
{
    /// <summary>Digests of the pictures that a model, or one that it started from, was trained on.</summary>
    /// <returns>SHA-256 of the bytes as uploaded, lower-case hex; empty for a model that was trained on none that is known.</returns>
    public async Task<HashSet<string>> OfAsync(int modelId, CancellationToken cancellationToken)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        for (int? next = modelId; next is { } id;)
        {
            var model = await database.ReadAsync(
                (context, token) => context.Models.Where(m => m.Id == id).Select(m => new { m.ParentId, m.Lineage }).SingleOrDefaultAsync(token),
                cancellationToken);
            if (model?.Lineage is { } lineage)
            {
                digests.UnionWith(Read(lineage));
            }

            next = model?.ParentId;
        }

        return digests;
    }

    private static IEnumerable<string> Read(string lineage)
    {
        using JsonDocument document = JsonDocument.Parse(lineage);
        return document.RootElement.TryGetProperty("trainedOn", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(digest => digest.GetString()!)]
            : [];
    }
}
