using System.Security.Cryptography;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Catalogue;

/// <summary>Writes of pictures: each commits item, preview, code and log row in one transaction before the caller hears of it.</summary>
public sealed class ImageStore
{
    private readonly Database database;
    private readonly PictureEncoder pictures;
    private readonly IndexFollower follower;
    private readonly TimeProvider clock;

    internal ImageStore(Database database, PictureEncoder pictures, IndexFollower follower, TimeProvider clock)
    {
        this.database = database;
        this.pictures = pictures;
        this.follower = follower;
        this.clock = clock;
    }

    /// <summary>Indexes a picture under an id; replaces what was there. The same bytes, labels and metadata change nothing.</summary>
    public async Task<WriteOutcome> PutAsync(string collection, string id, ImageInput input, CancellationToken cancellationToken)
    {
        byte[] digest = SHA256.HashData(input.Bytes);
        string[] labels = [.. input.Labels.Distinct(StringComparer.Ordinal)];
        EncodedPicture? encoded = null;
        int? encodedGeneration = null;
        while (true)
        {
            (WriteOutcome? outcome, Generation? wanted) = await database.WriteAsync(
                (context, token) => TryPutAsync(context, collection, id, input, labels, digest, encoded, encodedGeneration, token),
                cancellationToken);
            if (outcome is not null)
            {
                return await SeenAsync(outcome);
            }

            // The bytes are new to this generation: hash them outside of the transaction and come back.
            encoded = await pictures.EncodeAsync(input.Bytes, wanted!.ModelId, cancellationToken);
            encodedGeneration = wanted.Id;
            if (encoded.Code is null)
            {
                return new WriteOutcome(WriteStatus.Rejected, Rejection: encoded.Result);
            }
        }
    }

    /// <returns>The outcome, or the generation for which the picture must be hashed first.</returns>
    private async Task<(WriteOutcome? Outcome, Generation? Wanted)> TryPutAsync(
        DpfahContext context,
        string collectionName,
        string id,
        ImageInput input,
        string[] labels,
        byte[] digest,
        EncodedPicture? encoded,
        int? encodedGeneration,
        CancellationToken cancellationToken)
    {
        if (await FindActiveAsync(context, collectionName, cancellationToken) is not { } generation)
        {
            return (new WriteOutcome(WriteStatus.NoCollection), null);
        }

        Item? item = await database.LockItemAsync(context, generation.CollectionId, id, cancellationToken);
        if (input.Expected is not null && (item is null || !input.Expected.Contains(new ImageTag(item.Number, item.Version))))
        {
            return (new WriteOutcome(item is null ? WriteStatus.NoImage : WriteStatus.OtherTag), null);
        }

        string? metadata = input.Metadata;
        bool sameBytes = item is not null && item.ContentDigest.AsSpan().SequenceEqual(digest);
        if (!sameBytes && encodedGeneration != generation.Id)
        {
            return (null, generation);
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        if (item is null)
        {
            item = new Item
            {
                CollectionId = generation.CollectionId,
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
            StoredPreview preview = AddPreview(context, item, encoded!);
            StoredCode code = AddCode(context, item, generation, encoded!);
            Position position = await LogAsync(context, generation, item, ChangeKind.Put, DigestOf(item, code), 1, now, cancellationToken);
            return (new WriteOutcome(WriteStatus.Created, Record(item, preview, code), position), null);
        }

        StoredPreview oldPreview = await context.Previews.AsTracking().SingleAsync(p => p.ItemNumber == item.Number, cancellationToken);
        StoredCode oldCode = await context.Codes.AsTracking()
            .SingleAsync(c => c.GenerationId == generation.Id && c.ItemNumber == item.Number, cancellationToken);
        if (sameBytes && item.Labels.SequenceEqual(labels) && item.Metadata == metadata)
        {
            ulong visible = await database.VisiblePositionAsync(context, cancellationToken);
            return (new WriteOutcome(WriteStatus.Unchanged, Record(item, oldPreview, oldCode), new Position(follower.Epoch, visible)), null);
        }

        long before = DigestOf(item, oldCode);
        Change(item, labels, metadata, now);
        if (!sameBytes)
        {
            item.ContentDigest = digest;
            Preview preview = encoded!.Result.Preview!;
            (oldPreview.Jpeg, oldPreview.Width, oldPreview.Height, oldPreview.Decoder) = (preview.Jpeg, preview.Width, preview.Height, preview.Decoder);
            (oldCode.Code, oldCode.Signature) = (encoded.Code!.Code.ToBytes(), encoded.Code.Signature.ToBytes());
        }

        Position updated = await LogAsync(
            context, generation, item, ChangeKind.Put, before ^ DigestOf(item, oldCode), 0, now, cancellationToken);
        return (new WriteOutcome(WriteStatus.Updated, Record(item, oldPreview, oldCode), updated), null);
    }

    /// <summary>Changes labels and metadata.</summary>
    public async Task<WriteOutcome> PatchAsync(string collection, string id, ImagePatch patch, CancellationToken cancellationToken)
    {
        WriteOutcome outcome = await database.WriteAsync(
            async (context, token) =>
            {
                (WriteOutcome? problem, Generation generation, Item item) = await FindForChangeAsync(context, collection, id, patch.Expected, token);
                if (problem is not null)
                {
                    return problem;
                }

                StoredPreview preview = await context.Previews.SingleAsync(p => p.ItemNumber == item.Number, token);
                StoredCode code = await context.Codes.SingleAsync(c => c.GenerationId == generation.Id && c.ItemNumber == item.Number, token);
                string[] labels = patch.Labels is null ? item.Labels : [.. patch.Labels.Distinct(StringComparer.Ordinal)];
                string? metadata = patch.SetsMetadata ? patch.Metadata : item.Metadata;
                if (item.Labels.SequenceEqual(labels) && item.Metadata == metadata)
                {
                    ulong visible = await database.VisiblePositionAsync(context, token);
                    return new WriteOutcome(WriteStatus.Unchanged, Record(item, preview, code), new Position(follower.Epoch, visible));
                }

                long before = DigestOf(item, code);
                DateTime now = clock.GetUtcNow().UtcDateTime;
                Change(item, labels, metadata, now);
                Position position = await LogAsync(
                    context, generation, item, ChangeKind.Put, before ^ DigestOf(item, code), 0, now, token);
                return new WriteOutcome(WriteStatus.Updated, Record(item, preview, code), position);
            },
            cancellationToken);
        return await SeenAsync(outcome);
    }

    /// <summary>Deletes a picture.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="id">Public id of the picture.</param>
    /// <param name="expected">The states in which it may be; null for any.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<WriteOutcome> DeleteAsync(
        string collection, string id, IReadOnlyList<ImageTag>? expected, CancellationToken cancellationToken)
    {
        WriteOutcome outcome = await database.WriteAsync(
            async (context, token) =>
            {
                (WriteOutcome? problem, Generation generation, Item item) = await FindForChangeAsync(context, collection, id, expected, token);
                if (problem is not null)
                {
                    return problem;
                }

                StoredCode code = await context.Codes.SingleAsync(c => c.GenerationId == generation.Id && c.ItemNumber == item.Number, token);
                context.Items.Remove(item);
                Position position = await LogAsync(
                    context, generation, item, ChangeKind.Delete, DigestOf(item, code), -1, clock.GetUtcNow().UtcDateTime, token);
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

    private async Task<(WriteOutcome? Problem, Generation Generation, Item Item)> FindForChangeAsync(
        DpfahContext context, string collection, string id, IReadOnlyList<ImageTag>? expected, CancellationToken cancellationToken)
    {
        if (await FindActiveAsync(context, collection, cancellationToken) is not { } generation)
        {
            return (new WriteOutcome(WriteStatus.NoCollection), null!, null!);
        }

        if (await database.LockItemAsync(context, generation.CollectionId, id, cancellationToken) is not { } item)
        {
            return (new WriteOutcome(WriteStatus.NoImage), null!, null!);
        }

        return expected?.Contains(new ImageTag(item.Number, item.Version)) == false
            ? (new WriteOutcome(WriteStatus.OtherTag), null!, null!)
            : (null, generation, item);
    }

    private static Task<Generation?> FindActiveAsync(DpfahContext context, string collection, CancellationToken cancellationToken) =>
        context.Collections.Where(c => c.Name == collection && c.DeletedAt == null)
            .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => g)
            .SingleOrDefaultAsync(cancellationToken);

    private static void Change(Item item, string[] labels, string? metadata, DateTime now)
    {
        item.Labels = labels;
        item.Metadata = metadata;
        item.Version++;
        item.UpdatedAt = now;
    }

    private static StoredPreview AddPreview(DpfahContext context, Item item, EncodedPicture encoded)
    {
        Preview preview = encoded.Result.Preview!;
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

    private static StoredCode AddCode(DpfahContext context, Item item, Generation generation, EncodedPicture encoded)
    {
        var stored = new StoredCode
        {
            GenerationId = generation.Id,
            ItemNumber = item.Number,
            Code = encoded.Code!.Code.ToBytes(),
            Signature = encoded.Code.Signature.ToBytes(),
        };
        context.Codes.Add(stored);
        return stored;
    }

    private async Task<Position> LogAsync(
        DpfahContext context,
        Generation generation,
        Item item,
        ChangeKind kind,
        long digestDelta,
        int countDelta,
        DateTime now,
        CancellationToken cancellationToken)
    {
        var change = new Change
        {
            CollectionId = generation.CollectionId,
            GenerationId = generation.Id,
            ItemNumber = item.Number,
            Kind = kind,
            DigestDelta = digestDelta,
            CountDelta = countDelta,
            CreatedAt = now,
        };
        context.Changes.Add(change);
        await context.SaveChangesAsync(cancellationToken);
        return new Position(follower.Epoch, database.PositionOf(change));
    }

    private static long DigestOf(Item item, StoredCode code) =>
        ItemDigest.Of(item.Number, BinaryCode.FromBytes(code.Code), BinaryCode.FromBytes(code.Signature), item.Labels);

    private static ImageRecord Record(Item item, StoredPreview preview, StoredCode code) =>
        ImageReader.Record(item, preview.Width, preview.Height, code);
}
