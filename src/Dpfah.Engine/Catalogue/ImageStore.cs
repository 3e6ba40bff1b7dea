using System.Security.Cryptography;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Catalogue;

/// <summary>Writes of pictures: each commits item, preview, codes and log rows in one transaction before the caller hears of it.</summary>
public sealed class ImageStore
{
    private readonly Database database;
    private readonly PictureEncoder pictures;
    private readonly ImageQuota quota;
    private readonly IndexFollower follower;
    private readonly TimeProvider clock;

    internal ImageStore(
        Database database, PictureEncoder pictures, ImageQuota quota, IndexFollower follower, TimeProvider clock)
    {
        this.database = database;
        this.pictures = pictures;
        this.quota = quota;
        this.follower = follower;
        this.clock = clock;
    }

    /// <summary>Indexes a picture under an id; replaces what was there. The same bytes, labels and metadata change nothing.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="id">Public id of the picture.</param>
    /// <param name="input">The picture.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <exception cref="EncoderBusyException">Too many pictures are in work.</exception>
    /// <exception cref="QuotaExceededException">The picture is new, and the collection has as many as it may.</exception>
    public async Task<WriteOutcome> PutAsync(string collection, string id, ImageInput input, string? by, CancellationToken cancellationToken)
    {
        byte[] digest = SHA256.HashData(input.Bytes);
        string[] labels = [.. input.Labels.Distinct(StringComparer.Ordinal)];
        Preview? preview = null;
        var codes = new Dictionary<int, ImageCode>();
        while (true)
        {
            (WriteOutcome? outcome, IReadOnlyList<int> wanted) = await database.WriteAsync(
                (context, token) => TryPutAsync(context, collection, id, input, by, labels, digest, preview, codes, token), cancellationToken);
            if (outcome is not null)
            {
                return await SeenAsync(outcome);
            }

            // The bytes are new to some generation: hash them outside of the transaction and come back.
            PreviewResult made = await HashAsync(input.Bytes, preview, wanted, codes, cancellationToken);
            if (made.Preview is null)
            {
                return new WriteOutcome(WriteStatus.Rejected, Rejection: made);
            }

            preview = made.Preview;
        }
    }

    /// <summary>Makes the preview where there is none yet, and codes by some models.</summary>
    /// <returns>The preview, or why there is none.</returns>
    private async Task<PreviewResult> HashAsync(
        byte[] bytes, Preview? preview, IReadOnlyList<int> modelIds, Dictionary<int, ImageCode> codes, CancellationToken cancellationToken)
    {
        using IDisposable place = pictures.TakePlace();
        PreviewResult made = preview is null ? await pictures.PreviewAsync(bytes, cancellationToken) : PreviewResult.Accepted(preview);
        foreach (int modelId in made.Preview is null ? [] : modelIds)
        {
            codes[modelId] = await pictures.HashAsync(made.Preview!.Jpeg, modelId, EncodePriority.Query, cancellationToken);
        }

        return made;
    }

    /// <returns>The outcome, or the models by which the picture must be hashed first.</returns>
    private async Task<(WriteOutcome? Outcome, IReadOnlyList<int> Wanted)> TryPutAsync(
        DpfahContext context,
        string collectionName,
        string id,
        ImageInput input,
        string? by,
        string[] labels,
        byte[] digest,
        Preview? preview,
        Dictionary<int, ImageCode> codes,
        CancellationToken cancellationToken)
    {
        if (await LiveGenerations.HoldAsync(database, context, collectionName, cancellationToken) is not { } live)
        {
            return (new WriteOutcome(WriteStatus.NoCollection), []);
        }

        Item? item = await database.LockItemAsync(context, live.CollectionId, id, cancellationToken);
        if (input.Expected is not null && (item is null || !input.Expected.Contains(new ImageTag(item.Number, item.Version))))
        {
            return (new WriteOutcome(item is null ? WriteStatus.NoImage : WriteStatus.OtherTag), []);
        }

        if (item is null)
        {
            // Also before the picture is looked at: a full collection costs nobody any decoding.
            await quota.CheckAsync(context, live, collectionName, cancellationToken);
        }

        string? metadata = input.Metadata;
        bool sameBytes = item is not null && item.ContentDigest.AsSpan().SequenceEqual(digest);
        if (!sameBytes && live.ModelIds.Where(model => !codes.ContainsKey(model)).ToList() is { Count: > 0 } wanted)
        {
            return (null, wanted);
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        if (item is null)
        {
            item = new Item
            {
                CollectionId = live.CollectionId,
                PublicId = id,
                Labels = labels,
                Metadata = metadata,
                ContentDigest = digest,
                Version = 1,
                CreatedAt = now,
                UpdatedAt = now,
            };
            context.Items.Add(item);
            await context.SaveChangesAsync(cancellationToken);
            StoredPreview stored = AddPreview(context, item, preview!);
            var added = ItemCodes.None(context, item);
            added.Put(live, codes);
            Position position = await SaveAsync(context, added.LogPut(live, now), cancellationToken);
            return (new WriteOutcome(WriteStatus.Created, Record(item, stored, added.In(live.Active)!), position), []);
        }

        StoredPreview oldPreview = await context.Previews.AsTracking().SingleAsync(p => p.ItemNumber == item.Number, cancellationToken);
        ItemCodes known = await ItemCodes.ReadAsync(context, item, cancellationToken);
        if (sameBytes && item.Labels.SequenceEqual(labels) && item.Metadata == metadata)
        {
            return (await UnchangedAsync(context, Record(item, oldPreview, known.In(live.Active)!), cancellationToken), []);
        }

        string before = AuditTrail.StateOf(item);
        Change(item, labels, metadata, now);
        if (!sameBytes)
        {
            await FigurePictures.RemoveAsync(context, [item.Number], cancellationToken);
            item.ContentDigest = digest;
            (oldPreview.Jpeg, oldPreview.Width, oldPreview.Height, oldPreview.Decoder) = (preview!.Jpeg, preview.Width, preview.Height, preview.Decoder);
            known.Put(live, codes);
        }

        AuditTrail.Add(context, new AuditLine(by, AuditActions.PictureChanged, collectionName, id, before, AuditTrail.StateOf(item)), now);
        Position updated = await SaveAsync(context, known.LogPut(live, now), cancellationToken);
        return (new WriteOutcome(WriteStatus.Updated, Record(item, oldPreview, known.In(live.Active)!), updated), []);
    }

    /// <summary>Changes labels and metadata.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="id">Public id of the picture.</param>
    /// <param name="patch">The changes.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<WriteOutcome> PatchAsync(string collection, string id, ImagePatch patch, string? by, CancellationToken cancellationToken)
    {
        WriteOutcome outcome = await database.WriteAsync(
            async (context, token) =>
            {
                (WriteOutcome? problem, LiveGenerations live, Item item) = await FindForChangeAsync(context, collection, id, patch.Expected, token);
                if (problem is not null)
                {
                    return problem;
                }

                StoredPreview preview = await context.Previews.SingleAsync(p => p.ItemNumber == item.Number, token);
                ItemCodes codes = await ItemCodes.ReadAsync(context, item, token);
                string[] labels = patch.Labels is null ? item.Labels : [.. patch.Labels.Distinct(StringComparer.Ordinal)];
                string? metadata = patch.SetsMetadata ? patch.Metadata : item.Metadata;
                if (item.Labels.SequenceEqual(labels) && item.Metadata == metadata)
                {
                    return await UnchangedAsync(context, Record(item, preview, codes.In(live.Active)!), token);
                }

                DateTime now = clock.GetUtcNow().UtcDateTime;
                string before = AuditTrail.StateOf(item);
                Change(item, labels, metadata, now);
                AuditTrail.Add(context, new AuditLine(by, AuditActions.PictureChanged, collection, id, before, AuditTrail.StateOf(item)), now);
                Position position = await SaveAsync(context, codes.LogPut(live, now), token);
                return new WriteOutcome(WriteStatus.Updated, Record(item, preview, codes.In(live.Active)!), position);
            },
            cancellationToken);
        return await SeenAsync(outcome);
    }

    /// <summary>Deletes a picture.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="id">Public id of the picture.</param>
    /// <param name="expected">The states in which it may be; null for any.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<WriteOutcome> DeleteAsync(
        string collection, string id, IReadOnlyList<ImageTag>? expected, string? by, CancellationToken cancellationToken)
    {
        WriteOutcome outcome = await database.WriteAsync(
            async (context, token) =>
            {
                (WriteOutcome? problem, LiveGenerations live, Item item) = await FindForChangeAsync(context, collection, id, expected, token);
                if (problem is not null)
                {
                    return problem;
                }

                ItemCodes codes = await ItemCodes.ReadAsync(context, item, token);
                DateTime now = clock.GetUtcNow().UtcDateTime;
                await FigurePictures.RemoveAsync(context, [item.Number], token);
                context.Items.Remove(item);
                AuditTrail.Add(context, new AuditLine(by, AuditActions.PictureDeleted, collection, id, AuditTrail.StateOf(item)), now);
                Position position = await SaveAsync(context, codes.LogDelete(live, now), token);
                return new WriteOutcome(WriteStatus.Deleted, Position: position);
            },
            cancellationToken);
        return await SeenAsync(outcome);
    }

    private async Task<WriteOutcome> SeenAsync(WriteOutcome outcome)
    {
        if (outcome.Position != default)
        {
            await follower.WaitBrieflyAsync(outcome.Position.Value);
        }

        return outcome;
    }

    private async Task<WriteOutcome> UnchangedAsync(DpfahContext context, ImageRecord image, CancellationToken cancellationToken) =>
        new(WriteStatus.Unchanged, image, new Position(follower.Epoch, await database.VisiblePositionAsync(context, cancellationToken)));

    private async Task<(WriteOutcome? Problem, LiveGenerations Live, Item Item)> FindForChangeAsync(
        DpfahContext context, string collection, string id, IReadOnlyList<ImageTag>? expected, CancellationToken cancellationToken)
    {
        if (await LiveGenerations.HoldAsync(database, context, collection, cancellationToken) is not { } live)
        {
            return (new WriteOutcome(WriteStatus.NoCollection), null!, null!);
        }

        if (await database.LockItemAsync(context, live.CollectionId, id, cancellationToken) is not { } item)
        {
            return (new WriteOutcome(WriteStatus.NoImage), null!, null!);
        }

        return expected?.Contains(new ImageTag(item.Number, item.Version)) == false
            ? (new WriteOutcome(WriteStatus.OtherTag), null!, null!)
            : (null, live, item);
    }

    private static void Change(Item item, string[] labels, string? metadata, DateTime now)
    {
        item.Labels = labels;
        item.Metadata = metadata;
        item.Version++;
        item.UpdatedAt = now;
    }

    private static StoredPreview AddPreview(DpfahContext context, Item item, Preview preview)
    {
        var stored = new StoredPreview
        {
            ItemNumber = item.Number,
            Jpeg = preview.Jpeg,
            Width = preview.Width,
            Height = preview.Height,
            Decoder = preview.Decoder,
        };
        context.Previews.Add(stored);
        return stored;
    }

    /// <summary>Writes all that was changed.</summary>
    /// <returns>The position of the active generation's log row.</returns>
    private async Task<Position> SaveAsync(DpfahContext context, Change change, CancellationToken cancellationToken)
    {
        await context.SaveChangesAsync(cancellationToken);
        ulong position = database.PositionOf(change);
        follower.Expect(position);
        return new Position(follower.Epoch, position);
    }

    private static ImageRecord Record(Item item, StoredPreview preview, StoredCode code) =>
        ImageReader.Record(item, preview.Width, preview.Height, code);
}
