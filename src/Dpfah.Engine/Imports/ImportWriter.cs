using Dpfah.Core.Imaging;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Imports;

/// <summary>Writes batches of prepared entries: items, previews, codes, log rows, counts and checkpoint in one fenced transaction each.</summary>
internal sealed class ImportWriter(Database database, EntryPreparer preparer, ImageQuota quota, EngineOptions options, TimeProvider clock)
{
    /// <summary>Writes a batch.</summary>
    /// <param name="run">The import.</param>
    /// <param name="batch">Entries in the upload's order.</param>
    /// <param name="next">What is told of the progress beside the counts, in the same transaction.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <exception cref="JobFailedException">The collection is full; as much as there was room for was written.</exception>
    public async Task WriteAsync(
        JobRun run, IReadOnlyList<PreparedEntry> batch, Action<JobProgress> next, CancellationToken cancellationToken)
    {
        while (true)
        {
            (List<(PreparedEntry Entry, IReadOnlyList<int> ModelIds)> missing, bool isFull) = await run.WriteAsync(
                (context, progress, token) => TryWriteAsync(run, context, progress, batch, next, token), cancellationToken);
            if (isFull)
            {
                throw new JobFailedException($"{QuotaText(run)} The rest of the upload was not imported.");
            }

            if (missing.Count == 0)
            {
                return;
            }

            // A generation came, or an item was changed or deleted meanwhile: rare, and so one after the other.
            foreach ((PreparedEntry entry, IReadOnlyList<int> modelIds) in missing)
            {
                await preparer.CompleteAsync(entry, modelIds, cancellationToken);
            }
        }
    }

    /// <summary>Tells what a batch would do, and writes nothing but that.</summary>
    public static Task TellAsync(
        JobRun run, IReadOnlyList<PreparedEntry> batch, Action<JobProgress> next, CancellationToken cancellationToken) => run.ReportAsync(
            progress =>
            {
                int unchanged = batch.Count(entry => entry.Rejection is null && entry.Known?.IsSameAs(entry.Entry, entry.Digest) == true);
                Count(progress, batch, unchanged, new Dictionary<PreparedEntry, EntryRejection>());
                next(progress);
            },
            cancellationToken);

    /// <returns>Entries of which more must be computed first, then nothing was written; and whether the collection had no room for some.</returns>
    private async Task<(List<(PreparedEntry, IReadOnlyList<int>)> Missing, bool IsFull)> TryWriteAsync(
        JobRun run,
        DpfahContext context,
        JobProgress progress,
        IReadOnlyList<PreparedEntry> batch,
        Action<JobProgress> next,
        CancellationToken cancellationToken)
    {
        LiveGenerations live = await HoldAsync(database, context, run, cancellationToken);
        List<PreparedEntry> good = [.. batch.Where(entry => entry.Rejection is null)];
        Dictionary<string, Item> known =
            (await database.LockItemsAsync(context, live.CollectionId, [.. good.Select(entry => entry.Entry.Id!)], cancellationToken))
            .ToDictionary(item => item.PublicId, StringComparer.Ordinal);
        List<(PreparedEntry, IReadOnlyList<int>)> missing =
        [
            .. good.Where(entry => !IsSame(known, entry) && (entry.Preview is null || !live.ModelIds.All(entry.Codes.ContainsKey)))
                .Select(entry => (entry, live.ModelIds)),
        ];
        if (missing.Count > 0)
        {
            return (missing, false);
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        var added = new List<NewItem>();
        var refused = new Dictionary<PreparedEntry, EntryRejection>();
        long room = good.Exists(entry => !known.ContainsKey(entry.Entry.Id!)) ? await quota.RoomAsync(context, live, cancellationToken) : 0;
        int unchanged = 0;
        foreach (PreparedEntry entry in good)
        {
            if (!known.TryGetValue(entry.Entry.Id!, out Item? item))
            {
                if (added.Count < room)
                {
                    added.Add(New(live, entry, now));
                }
                else
                {
                    refused.Add(entry, new EntryRejection(RejectionCodes.QuotaExceeded, QuotaText(run)));
                }
            }
            else if (!await ChangeAsync(run, context, live, item, entry, now, cancellationToken))
            {
                unchanged++;
            }
        }

        if (added.Count > 0)
        {
            await database.InsertItemsAsync(context, added, cancellationToken);
        }

        Count(progress, batch, unchanged, refused);
        next(progress);
        return ([], refused.Count > 0);
    }

    private string QuotaText(JobRun run) => QuotaExceededException.Text(run.CollectionName!, options.ImagesPerCollection);

    /// <summary>The live generations of an import's collection, held until the transaction ends.</summary>
    /// <exception cref="JobFailedException">The collection was deleted.</exception>
    internal static async Task<LiveGenerations> HoldAsync(Database database, DpfahContext context, JobRun run, CancellationToken cancellationToken) =>
        await LiveGenerations.HoldAsync(database, context, run.CollectionName!, cancellationToken) is { } live && live.CollectionId == run.CollectionId
            ? live
            : throw new JobFailedException($"The collection '{run.CollectionName}' was deleted while the import ran.");

    private static bool IsSame(Dictionary<string, Item> known, PreparedEntry entry) =>
        known.TryGetValue(entry.Entry.Id!, out Item? item) && item.ContentDigest.AsSpan().SequenceEqual(entry.Digest);

    /// <param name="progress">What is told.</param>
    /// <param name="batch">Entries in the upload's order.</param>
    /// <param name="unchanged">Those that change nothing.</param>
    /// <param name="refused">Good ones for which there was no room.</param>
    private static void Count(
        JobProgress progress, IReadOnlyList<PreparedEntry> batch, int unchanged, Dictionary<PreparedEntry, EntryRejection> refused)
    {
        int rejected = 0;
        foreach (PreparedEntry entry in batch)
        {
            if ((entry.Rejection ?? refused.GetValueOrDefault(entry)) is { } rejection)
            {
                progress.Reject(entry.Entry.Item, rejection.Code, rejection.Reason);
                rejected++;
            }
        }

        progress.Count(batch.Count, batch.Count - rejected - unchanged, unchanged);
    }

    private static NewItem New(LiveGenerations live, PreparedEntry entry, DateTime now) => new(
        new Item
        {
            CollectionId = live.CollectionId,
            PublicId = entry.Entry.Id!,
            Labels = entry.Entry.Labels,
            Metadata = entry.Entry.Metadata,
            ContentDigest = entry.Digest,
            Version = 1,
            CreatedAt = now,
            UpdatedAt = now,
        },
        entry.Preview!,
        [.. live.All.Select(generation => (generation.Id, entry.Codes[generation.ModelId]))]);

    /// <returns>Whether there was anything to change.</returns>
    private static async Task<bool> ChangeAsync(
        JobRun run, DpfahContext context, LiveGenerations live, Item item, PreparedEntry entry, DateTime now, CancellationToken cancellationToken)
    {
        bool sameBytes = item.ContentDigest.AsSpan().SequenceEqual(entry.Digest);
        if (sameBytes && item.Labels.SequenceEqual(entry.Entry.Labels) && item.Metadata == entry.Entry.Metadata)
        {
            return false;
        }

        ItemCodes codes = await ItemCodes.ReadAsync(context, item, cancellationToken);
        string before = AuditTrail.StateOf(item);
        (item.Labels, item.Metadata, item.Version, item.UpdatedAt) = (entry.Entry.Labels, entry.Entry.Metadata, item.Version + 1, now);
        if (!sameBytes)
        {
            await FigurePictures.RemoveAsync(context, [item.Number], cancellationToken);
            item.ContentDigest = entry.Digest;
            Preview preview = entry.Preview!;
            StoredPreview stored = await context.Previews.AsTracking().SingleAsync(p => p.ItemNumber == item.Number, cancellationToken);
            (stored.Jpeg, stored.Width, stored.Height, stored.Decoder) = (preview.Jpeg, preview.Width, preview.Height, preview.Decoder);
            codes.Put(live, entry.Codes);
        }

        codes.LogPut(live, now);
        AuditTrail.Add(
            context, new AuditLine(run.CreatedBy, AuditActions.PictureChanged, run.CollectionName, item.PublicId, before, AuditTrail.StateOf(item), run.Id), now);
        return true;
    }
}
