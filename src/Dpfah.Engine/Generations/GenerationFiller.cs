using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Hashes stored previews into a generation that lacks their codes, batch by batch in the order of item numbers.</summary>
/// <remarks>
/// A generation becomes live while nobody holds its collection, so that every write that commits later has hashed into it as well:
/// what is missing can only become less.
/// </remarks>
internal sealed class GenerationFiller(Database database, PictureEncoder pictures, EncoderPool encoders, TimeProvider clock)
{
    /// <summary>Most items a batch, and a transaction.</summary>
    public const int BatchSize = 128;

    /// <summary>The next items that have no code in a generation, with their previews.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="after">Item number after which to look; 0 for the start.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <param name="last">Item number up to which to look.</param>
    public Task<List<PreviewToHash>> ReadAsync(
        Generation generation, long after, CancellationToken cancellationToken, long last = long.MaxValue)
    {
        int collectionId = generation.CollectionId, generationId = generation.Id;
        return database.ReadAsync(
            (context, token) => context.Items
                .Where(i => i.CollectionId == collectionId && i.Number > after && i.Number <= last
                    && !context.Codes.Any(c => c.GenerationId == generationId && c.ItemNumber == i.Number))
                .OrderBy(i => i.Number).Take(BatchSize)
                .Join(context.Previews, i => i.Number, p => p.ItemNumber, (i, p) => new { i.Number, i.PublicId, i.ContentDigest, p.Jpeg })
                .OrderBy(x => x.Number)
                .Select(x => new PreviewToHash(x.Number, x.PublicId, x.ContentDigest, x.Jpeg))
                .ToListAsync(token),
            cancellationToken);
    }

    /// <summary>How many items of its collection a generation lacks.</summary>
    public Task<long> CountMissingAsync(Generation generation, CancellationToken cancellationToken)
    {
        int collectionId = generation.CollectionId, generationId = generation.Id;
        return database.ReadAsync(
            (context, token) => context.Items
                .LongCountAsync(i => i.CollectionId == collectionId && !context.Codes.Any(c => c.GenerationId == generationId && c.ItemNumber == i.Number), token),
            cancellationToken);
    }

    /// <summary>Hashes previews, behind queries and uploads.</summary>
    /// <returns>A code for each preview, or the reason why there is none.</returns>
    public async Task<(ImageCode? Code, string? Problem)[]> HashAsync(
        int modelId, IReadOnlyList<PreviewToHash> previews, CancellationToken cancellationToken) =>
        await Task.WhenAll(previews.Select(async preview =>
        {
            try
            {
                return ((ImageCode?)await pictures.HashAsync(preview.Jpeg, modelId, EncodePriority.Background, cancellationToken), (string?)null);
            }
            catch (InvalidDataException error)
            {
                return (null, error.Message);
            }
        }));

    /// <summary>Writes codes into a generation that is being filled.</summary>
    /// <param name="context">In a transaction.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="hashed">What was hashed; an item that is gone, has other bytes by now or is just being changed is left out.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>How many codes were written; null when the generation is not being filled any more.</returns>
    public async Task<int?> WriteAsync(
        DpfahContext context, Generation generation, IReadOnlyList<(PreviewToHash Preview, ImageCode Code)> hashed, CancellationToken cancellationToken)
    {
        await database.HoldCollectionAsync(context, generation.CollectionId, cancellationToken);
        if (!await context.Generations.AnyAsync(g => g.Id == generation.Id && g.State == GenerationState.Filling, cancellationToken))
        {
            return null;
        }

        long[] numbers = [.. hashed.Select(h => h.Preview.Number)];
        Dictionary<long, Item> items = (await database.LockFreeItemsAsync(context, numbers, cancellationToken)).ToDictionary(i => i.Number);
        HashSet<long> there = [.. await context.Codes.Where(c => c.GenerationId == generation.Id && numbers.Contains(c.ItemNumber))
            .Select(c => c.ItemNumber).ToListAsync(cancellationToken)];
        var change = new Change
        {
            CollectionId = generation.CollectionId,
            GenerationId = generation.Id,
            Kind = ChangeKind.GenerationFilled,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        };
        var codes = new List<StoredCode>(hashed.Count);
        foreach ((PreviewToHash preview, ImageCode code) in hashed)
        {
            if (there.Contains(preview.Number) || !items.TryGetValue(preview.Number, out Item? item)
                || !item.ContentDigest.AsSpan().SequenceEqual(preview.ContentDigest))
            {
                continue;
            }

            codes.Add(new StoredCode
            {
                GenerationId = generation.Id,
                ItemNumber = item.Number,
                Code = code.Code.ToBytes(),
                Signature = code.Signature.ToBytes(),
            });
            change.DigestDelta ^= ItemDigest.Of(item.Number, code.Code, code.Signature, item.Labels);
        }

        if (codes.Count > 0)
        {
            await database.InsertCodesAsync(context, codes, cancellationToken);
            change.CountDelta = codes.Count;
            context.Changes.Add(change);
            await context.SaveChangesAsync(cancellationToken);
        }

        return codes.Count;
    }

    /// <summary>Why this process cannot hash into a generation: it makes codes in another way than those that are there were made.</summary>
    /// <returns>A sentence; null when it can.</returns>
    public async Task<string?> CheckIdentityAsync(Generation generation, CancellationToken cancellationToken)
    {
        EncoderIdentity identity = await encoders.IdentityAsync(generation.ModelId, cancellationToken);
        return identity.Decoder == generation.Decoder && identity.Arithmetic == generation.Arithmetic
            ? null
            : $"The codes of generation {generation.Id} are made by {generation.Decoder} {generation.Arithmetic}; this process makes them by {identity.Decoder} {identity.Arithmetic}, "
                + "and the two must not be mixed: ask for a generation of the model again.";
    }

    /// <summary>Fills in what little is missing, at once.</summary>
    /// <returns>False when the generation is not being filled any more: it was deleted or given up.</returns>
    /// <exception cref="InvalidDataException">A preview cannot be hashed.</exception>
    public async Task<bool> FillInAsync(Generation generation, CancellationToken cancellationToken)
    {
        while (await ReadAsync(generation, 0, cancellationToken) is { Count: > 0 } previews)
        {
            (ImageCode? Code, string? Problem)[] hashed = await HashAsync(generation.ModelId, previews, cancellationToken);
            int failed = Array.FindIndex(hashed, h => h.Code is null);
            if (failed >= 0)
            {
                throw new InvalidDataException($"The picture '{previews[failed].PublicId}' cannot be hashed: {hashed[failed].Problem}");
            }

            List<(PreviewToHash, ImageCode)> codes = [.. previews.Zip(hashed, (preview, h) => (preview, h.Code!))];
            if (await database.WriteAsync((context, token) => WriteAsync(context, generation, codes, token), cancellationToken) is null)
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A stored preview whose code is missing.</summary>
/// <param name="Number">Item number.</param>
/// <param name="PublicId">Public id.</param>
/// <param name="ContentDigest">SHA-256 of the bytes of which the preview was made.</param>
/// <param name="Jpeg">The preview.</param>
internal sealed record PreviewToHash(long Number, string PublicId, byte[] ContentDigest, byte[] Jpeg);
