using Dpfah.Core.Imaging;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
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
    /// <param name="layout">How its codes are spread over shards; null for all of them on every node.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>
    /// Whether it was made here, a position that covers it, and its generation and layout, of whatever model and layout where it was there before.
    /// </returns>
    public async Task<(bool Created, Position Position, GenerationInfo Generation, ShardLayout? Layout)> CreateAsync(
        string name, int? modelId, ShardLayout? layout, CancellationToken cancellationToken)
    {
        (bool created, ulong position, Generation generation, ShardLayout? its) = await EnsureAsync(name, modelId, layout, cancellationToken);
        await follower.WaitAsync(position, cancellationToken);
        return (created, new Position(follower.Epoch, position), await follower.DescribeAsync(generation, cancellationToken), its);
    }

    /// <summary>Spreads the codes of a collection in another way. Each node goes on with the shards that there are until all the others are in memory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="layout">How; null for all of them on every node.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>A position that covers it; null when there is no such collection.</returns>
    public async Task<Position?> ReshardAsync(string name, ShardLayout? layout, string? by, CancellationToken cancellationToken)
    {
        ulong? position = await database.WriteAsync<ulong?>(
            async (context, token) =>
            {
                if (await context.Collections.Where(c => c.Name == name && c.DeletedAt == null).Select(c => (int?)c.Id).SingleOrDefaultAsync(token) is not { } id)
                {
                    return null;
                }

                await database.LockCollectionAsync(context, id, token);
                Collection? collection = await context.Collections.AsTracking().SingleOrDefaultAsync(c => c.Id == id && c.DeletedAt == null, token);
                if (collection is null)
                {
                    return null;
                }

                (int Shards, int Replicas) before = (collection.Shards, collection.Replicas), after = (layout?.Shards ?? 0, layout?.Replicas ?? 0);
                if (before == after)
                {
                    return await database.VisiblePositionAsync(context, token);
                }

                DateTime now = clock.GetUtcNow().UtcDateTime;
                (collection.Shards, collection.Replicas) = after;
                int generation = await context.Generations.Where(g => g.CollectionId == id && g.IsActive).Select(g => g.Id).SingleAsync(token);
                var change = new Change { CollectionId = id, GenerationId = generation, Kind = ChangeKind.GenerationChanged, CreatedAt = now };
                context.Changes.Add(change);
                AuditTrail.Add(
                    context,
                    new AuditLine(
                        by,
                        AuditActions.CollectionResharded,
                        name,
                        name,
                        new { before.Shards, before.Replicas },
                        new { after.Shards, after.Replicas }),
                    now);
                await context.SaveChangesAsync(token);
                return database.PositionOf(change);
            },
            cancellationToken);
        if (position is not { } value)
        {
            return null;
        }

        await follower.WaitAsync(value, cancellationToken);
        return new Position(follower.Epoch, value);
    }

    /// <summary>The same for the start, which waits for no index: it loads the index afterwards, and nobody follows the log meanwhile.</summary>
    internal async Task<(bool Created, ulong Position, Generation Generation, ShardLayout? Layout)> EnsureAsync(
        string name, int? modelId, ShardLayout? layout, CancellationToken cancellationToken)
    {
        int model = modelId ?? (await models.GetDefaultAsync(cancellationToken)).Id;
        EncoderIdentity identity = await encoders.IdentityAsync(model, cancellationToken);
        return await database.WriteAsync(
            (context, token) => TryCreateAsync(context, name, model, layout, identity, token), cancellationToken);
    }

    /// <summary>Whether the database has a collection of this name.</summary>
    internal Task<bool> ExistsAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync((context, token) => context.Collections.AnyAsync(c => c.Name == name && c.DeletedAt == null, token), cancellationToken);

    private async Task<(bool Created, ulong Position, Generation Generation, ShardLayout? Layout)> TryCreateAsync(
        DpfahContext context, string name, int modelId, ShardLayout? layout, EncoderIdentity identity, CancellationToken cancellationToken)
    {
        var known = await context.Collections.Where(c => c.Name == name && c.DeletedAt == null)
            .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => new { Collection = c, Generation = g })
            .SingleOrDefaultAsync(cancellationToken);
        if (known is not null)
        {
            ShardLayout? its = known.Collection.Shards == 0 ? null : new ShardLayout(known.Collection.Shards, known.Collection.Replicas);
            return (false, await database.VisiblePositionAsync(context, cancellationToken), known.Generation, its);
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        var collection = new Collection { Name = name, CreatedAt = now, Shards = layout?.Shards ?? 0, Replicas = layout?.Replicas ?? 0 };
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
        return (true, database.PositionOf(change), generation, layout);
    }

    /// <summary>Deletes a collection: its name is free at once, its rows go afterwards (<see cref="RemoveDeletedAsync"/>).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The position of the deletion; null when there was no such collection.</returns>
    public async Task<Position?> DeleteAsync(string name, string? by, CancellationToken cancellationToken)
    {
        // Counting rows takes seconds where there are many; this node's index knows as well.
        int? pictures = follower.Find(name) is { Layout: null } index ? index.Snapshot.Count : null;
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
