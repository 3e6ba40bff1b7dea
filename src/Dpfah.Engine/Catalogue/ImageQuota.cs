using Dpfah.Engine.Data;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Catalogue;

/// <summary>Keeps collections from growing over <see cref="EngineOptions.ImagesPerCollection"/>, whoever writes at once on whatever node.</summary>
/// <remarks>
/// To count a collection's rows for each picture would take longer than to add it. What the index has counted up to a position, and
/// what the log says since, is the same number.
/// </remarks>
internal sealed class ImageQuota(Database database, IndexFollower follower, EngineOptions options)
{
    /// <summary>
    /// With less room than this, those that add to a collection wait for each other. All that is being added and not yet committed must
    /// be fewer: some 1,300 pictures a node.
    /// </summary>
    private const long Near = 10_000;

    /// <summary>Makes sure, in the transaction that adds it and before it is added, that there is room for a picture.</summary>
    /// <exception cref="QuotaExceededException">There is none.</exception>
    public async Task CheckAsync(DpfahContext context, LiveGenerations live, string collection, CancellationToken cancellationToken)
    {
        if (await RoomAsync(context, live, collection, cancellationToken) < 1)
        {
            throw new QuotaExceededException(collection, options.ImagesPerCollection);
        }
    }

    /// <summary>How many pictures may be added in a transaction that has added none yet; nobody else takes that room before it ends.</summary>
    public async Task<long> RoomAsync(DpfahContext context, LiveGenerations live, string collection, CancellationToken cancellationToken)
    {
        if (options.ImagesPerCollection == 0)
        {
            return long.MaxValue;
        }

        long room = options.ImagesPerCollection - await CountAsync(context, live, collection, cancellationToken);
        if (room is > 0 and <= Near)
        {
            await database.LockQuotaAsync(context, live.CollectionId, cancellationToken);
            room = options.ImagesPerCollection - await CountAsync(context, live, collection, cancellationToken);
        }

        return room;
    }

    private async Task<long> CountAsync(DpfahContext context, LiveGenerations live, string collection, CancellationToken cancellationToken)
    {
        int generation = live.Active.Id;
        if (follower.Find(collection) is not { Counted: { } known } index || index.Generation.Id != generation)
        {
            // Of a collection that has just come, or been switched, the index is not here yet.
            return await context.Items.LongCountAsync(item => item.CollectionId == live.CollectionId, cancellationToken);
        }

        return known.Items + await database.Changes(context, known.Horizon, ulong.MaxValue)
            .Where(change => change.GenerationId == generation).SumAsync(change => (long)change.CountDelta, cancellationToken);
    }
}
