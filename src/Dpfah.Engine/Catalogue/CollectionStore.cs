using Dpfah.Core.Imaging;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Catalogue;

/// <summary>Collections in the database: made, deleted, and their rows removed in small transactions.</summary>
public sealed class CollectionStore
{
    /// <summary>The collection that a request means when it names none.</summary>
    public const string DefaultName = "default";

    private const int RemoveBatch = 500;

    private readonly Database database;
    private readonly ModelStore models;
    private readonly EncoderPool encoders;
    private readonly IndexFollower follower;
    private readonly TimeProvider clock;

    internal CollectionStore(
        Database database, ModelStore models, EncoderPool encoders, IndexFollower follower, TimeProvider clock)
    {
        this.database = database;
        this.models = models;
        this.encoders = encoders;
        this.follower = follower;
        this.clock = clock;
    }

    /// <summary>Makes a collection with an empty first generation.</summary>
    /// <param name="name">Name; checked by <see cref="CatalogueRules.CheckCollectionName"/>.</param>
    /// <param name="modelId">Number of its model; null for the default model.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>Whether it was made here, a position that covers it, and its generation, of whatever model where it was there before.</returns>
    public async Task<(bool Created, Position Position, GenerationInfo Generation)> CreateAsync(
        string name, int? modelId, CancellationToken cancellationToken)
    {
        (bool created, ulong position, Generation generation) = await EnsureAsync(name, modelId, cancellationToken);
        await follower.WaitAsync(position, cancellationToken);
        return (created, new Position(follower.Epoch, position), await follower.DescribeAsync(generation, cancellationToken));
    }

    /// <summary>The same for the start, which waits for no index: it loads the index afterwards, and nobody follows the log meanwhile.</summary>
    internal async Task<(bool Created, ulong Position, Generation Generation)> EnsureAsync(
        string name, int? modelId, CancellationToken cancellationToken)
    {
        int model = modelId ?? (await models.GetDefaultAsync(cancellationToken)).Id;
        EncoderIdentity identity = await encoders.IdentityAsync(model, cancellationToken);
        return await database.WriteAsync(
            (context, token) => TryCreateAsync(context, name, model, identity, token), cancellationToken);
    }

    /// <summary>Whether the database has a collection of this name.</summary>
    internal Task<bool> ExistsAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync((context, token) => context.Collections.AnyAsync(c => c.Name == name && c.DeletedAt == null, token), cancellationToken);

    private async Task<(bool Created, ulong Position, Generation Generation)> TryCreateAsync(
        DpfahContext context, string name, int modelId, EncoderIdentity identity, CancellationToken cancellationToken)
    {
        Generation? known = await context.Collections.Where(c => c.Name == name && c.DeletedAt == null)
            .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => g)
            .SingleOrDefaultAsync(cancellationToken);
        if (known is not null)
        {
            return (false, await database.VisiblePositionAsync(context, cancellationToken), known);
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        var collection = new Collection { Name = name, CreatedAt = now };
        context.Collections.Add(collection);
        await context.SaveChangesAsync(cancellationToken);

        var generation = new Generation
        {
            CollectionId = collection.Id,
            ModelId = modelId,
            Decoder = identity.Decoder,
            Arithmetic = identity.Arithmetic,
            IsActive = true,
            CreatedAt = now,
        };
        context.Generations.Add(generation);
        await context.SaveChangesAsync(cancellationToken);

        var change = new Change
        {
            CollectionId = collection.Id,
            GenerationId = generation.Id,
            Kind = ChangeKind.CollectionCreated,
            CreatedAt = now,
        };
        context.Changes.Add(change);
        await context.SaveChangesAsync(cancellationToken);
        return (true, database.PositionOf(change), generation);
    }

    /// <summary>Deletes a collection: its name is free at once, its rows go afterwards (<see cref="RemoveDeletedAsync"/>).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The position of the deletion; null when there was no such collection.</returns>
    public async Task<Position?> DeleteAsync(string name, string? by, CancellationToken cancellationToken)
    {
        // Counting rows takes seconds where there are many; this node's index knows as well.
        int? pictures = follower.Find(name)?.Snapshot.Count;
        ulong? deleted = await database.WriteAsync<ulong?>(
            async (context, token) =>
            {
                Collection? collection = await context.Collections.AsTracking()
                    .SingleOrDefaultAsync(c => c.Name == name && c.DeletedAt == null, token);
                if (collection is null)
                {
                    return null;
                }

                DateTime now = clock.GetUtcNow().UtcDateTime;
                collection.DeletedAt = now;
                await FigurePictures.RemoveAsync(context, collection.Id, token);
                var change = new Change { CollectionId = collection.Id, Kind = ChangeKind.CollectionDeleted, CreatedAt = now };
                context.Changes.Add(change);
                AuditTrail.Add(context, new AuditLine(by, AuditActions.CollectionDeleted, name, name, new { Pictures = pictures, collection.CreatedAt }), now);
                await context.SaveChangesAsync(token);
                return database.PositionOf(change);
            },
            cancellationToken);
        if (deleted is not { } value)
        {
            return null;
        }

        // It is done whether this node has seen it yet or not.
        await follower.WaitAsync(value, cancellationToken);
        return new Position(follower.Epoch, value);
    }

    /// <summary>Removes the rows of deleted collections; goes on where an earlier run was interrupted.</summary>
    public async Task RemoveDeletedAsync(CancellationToken cancellationToken)
    {
        List<int> deleted = await database.ReadAsync(
            (context, token) => context.Collections.Where(c => c.DeletedAt != null).Select(c => c.Id).ToListAsync(token), cancellationToken);
        foreach (int collectionId in deleted)
        {
            while (await database.WriteAsync((context, token) => RemoveSomeAsync(context, collectionId, token), cancellationToken))
            {
            }
        }
    }

    private static async Task<bool> RemoveSomeAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken)
    {
        List<long> numbers = await context.Items.Where(i => i.CollectionId == collectionId)
            .OrderBy(i => i.Number).Select(i => i.Number).Take(RemoveBatch).ToListAsync(cancellationToken);
        if (numbers.Count > 0)
        {
            // Previews, codes and what else is about a picture go by cascade.
            await FigurePictures.RemoveAsync(context, numbers, cancellationToken);
            await context.Items.Where(i => numbers.Contains(i.Number)).ExecuteDeleteAsync(cancellationToken);
            return true;
        }

        await context.Collections.Where(c => c.Id == collectionId).ExecuteDeleteAsync(cancellationToken);
        return false;
    }
}
