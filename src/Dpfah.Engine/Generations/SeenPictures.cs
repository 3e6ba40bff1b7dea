using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Dpfah.Engine.Training;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Knows which pictures a model was trained on, by the digests of their bytes.</summary>
internal sealed class SeenPictures(Database database, TrainedPictures trained)
{
    /// <summary>Digests of the pictures that a model, or one that it started from, was trained on.</summary>
    /// <returns>SHA-256 of the bytes as uploaded, lower-case hex; empty for a model that was trained on none that is known.</returns>
    public async Task<HashSet<string>> OfAsync(int modelId, CancellationToken cancellationToken)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        for (int? next = modelId; next is { } id;)
        {
            if (await trained.ReadAsync(id, cancellationToken) is { } parts)
            {
                digests.UnionWith(parts.Where(part => part.Value is CollectionPart.Train or CollectionPart.Validation).Select(part => part.Key));
            }

            next = await database.ReadAsync(
                (context, token) => context.Models.Where(m => m.Id == id).Select(m => m.ParentId).SingleOrDefaultAsync(token), cancellationToken);
        }

        return digests;
    }
}
