using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Imports;

/// <summary>Deletes the pictures that an upload lacks.</summary>
internal sealed class ItemRemoval(Database database, TimeProvider clock)
{
    private const int ItemsAtOnce = 500;
    private const string Stage = "deleting what the upload lacks";

    /// <summary>Goes through the collection.</summary>
    /// <param name="run">The import.</param>
    /// <param name="request">What was asked for; pictures that came later stay.</param>
    /// <param name="kept">The ids of the upload.</param>
    /// <param name="checkpoint">Where it begins.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>How many were deleted; with a dry run, would be.</returns>
    public async Task<long> RunAsync(
        JobRun run, ImportRequest request, IdSet kept, ImportCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        long last = 0, deleted = checkpoint.Deleted;
        await run.ReportAsync(progress => progress.SetStage(Stage, deleted), cancellationToken);
        while (true)
        {
            int collectionId = run.CollectionId!.Value;
            long after = last;
            var page = await database.ReadAsync(
                (context, token) => context.Items.Where(i => i.CollectionId == collectionId && i.Number > after && i.Number <= request.LastItem)
                    .OrderBy(i => i.Number).Take(ItemsAtOnce).Select(i => new { i.Number, i.PublicId }).ToListAsync(token),
                cancellationToken);
            if (page.Count == 0)
            {
                return deleted;
            }

            last = page[^1].Number;
            string[] lacking = [.. page.Where(item => !kept.Contains(item.PublicId)).Select(item => item.PublicId)];
            if (request.DryRun)
            {
                deleted += lacking.Length;
            }
            else if (lacking.Length > 0)
            {
                long before = deleted;
                deleted += await run.WriteAsync(
                    async (context, progress, token) =>
                    {
                        int count = await DeleteAsync(run, context, lacking, request.LastItem, token);
                        progress.SetStage(Stage, before + count);
                        progress.SetCheckpoint(checkpoint with { Deleted = before + count });
                        return count;
                    },
                    cancellationToken);
            }
        }
    }

    private async Task<int> DeleteAsync(
        JobRun run, DpfahContext context, string[] ids, long lastItem, CancellationToken cancellationToken)
    {
        LiveGenerations live = await ImportWriter.HoldAsync(database, context, run, cancellationToken);
        DateTime now = clock.GetUtcNow().UtcDateTime;
        int count = 0;
        List<Item> items = await database.LockItemsAsync(context, live.CollectionId, ids, cancellationToken);
        long[] numbers = [.. items.Select(item => item.Number)];
        await FigurePictures.RemoveAsync(context, numbers, cancellationToken);
        foreach (Item item in items)
        {
            // One that was deleted and came again meanwhile has a higher number.
            if (item.Number <= lastItem)
            {
                ItemCodes codes = await ItemCodes.ReadAsync(context, item, cancellationToken);
                context.Items.Remove(item);
                codes.LogDelete(live, now);
                AuditTrail.Add(
                    context, new AuditLine(run.CreatedBy, AuditActions.PictureDeleted, run.CollectionName, item.PublicId, AuditTrail.StateOf(item), JobId: run.Id), now);
                count++;
            }
        }

        return count;
    }
}
