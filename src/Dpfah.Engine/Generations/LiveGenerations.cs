using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>
/// The generations of a collection that every write of an item keeps complete: the active one, and those that are filled or ready to
/// be activated. As they are in one transaction.
/// </summary>
/// <param name="CollectionId">Number of the collection.</param>
/// <param name="Active">The generation that answers.</param>
/// <param name="All">All of them, the active one first.</param>
internal sealed record LiveGenerations(int CollectionId, Generation Active, IReadOnlyList<Generation> All)
{
    /// <summary>Numbers of the models by which a picture must be hashed, each once.</summary>
    public IReadOnlyList<int> ModelIds { get; } = [.. All.Select(generation => generation.ModelId).Distinct()];

    /// <summary>Finds them, and keeps generations from coming, going or being switched until the transaction ends.</summary>
    /// <param name="database">The database.</param>
    /// <param name="context">In the transaction of the write.</param>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when there is no such collection.</returns>
    public static async Task<LiveGenerations?> HoldAsync(
        Database database, DpfahContext context, string collection, CancellationToken cancellationToken)
    {
        if (await database.HoldCollectionAsync(context, collection, cancellationToken) is not { } found)
        {
            return null;
        }

        // A statement of its own, after the lock: it sees the switch that the lock may have waited for.
        return await ReadAsync(context, found.Id, cancellationToken);
    }

    /// <summary>Reads them in a transaction that holds the collection.</summary>
    public static async Task<LiveGenerations> ReadAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken)
    {
        List<Generation> all = await context.Generations
            .Where(g => g.CollectionId == collectionId
                && (g.State == GenerationState.Active || g.State == GenerationState.Filling || g.State == GenerationState.Ready))
            .OrderByDescending(g => g.IsActive).ThenBy(g => g.Id)
            .ToListAsync(cancellationToken);
        return new LiveGenerations(collectionId, all[0], all);
    }
}
