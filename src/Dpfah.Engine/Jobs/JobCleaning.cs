using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Duplicates;
using Dpfah.Engine.Jobs.Parts;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Jobs;

/// <summary>Forgets jobs that ended long ago, the files of jobs that have ended, and what is of no use of jobs that did not end well.</summary>
internal sealed class JobCleaning(Database database, BlobStore blobs, EngineOptions options, TimeProvider clock)
{
    private const int RowsAtOnce = 500;

    /// <summary>Does it in small transactions.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await blobs.RemoveUnusedAsync(cancellationToken);
        await RemoveUnusedGroupsAsync(cancellationToken);
        await PartBoard.CleanAsync(database, cancellationToken);
        DateTime before = clock.GetUtcNow().UtcDateTime - options.JobRetention;
        while (await database.WriteAsync((context, token) => RemoveSomeAsync(context, before, token), cancellationToken))
        {
        }
    }

    /// <summary>Removes the groups of searches for duplicates that were ended while they stored them.</summary>
    private async Task RemoveUnusedGroupsAsync(CancellationToken cancellationToken)
    {
        List<long> ended = await database.ReadAsync(
            (context, token) => context.Jobs
                .Where(j => j.Kind == DuplicatesJob.KindName && (j.State == JobState.Cancelled || j.State == JobState.Failed)
                    && context.DuplicateMembers.Any(m => m.JobId == j.Id))
                .Select(j => j.Id).ToListAsync(token),
            cancellationToken);
        foreach (long id in ended)
        {
            while (await database.WriteAsync((context, token) => DuplicatesJob.RemoveSomeAsync(context, id, token), cancellationToken) > 0)
            {
            }
        }
    }

    /// <summary>Removes what is left of one old job, its many rows first.</summary>
    /// <returns>Whether there may be more.</returns>
    private static async Task<bool> RemoveSomeAsync(DpfahContext context, DateTime before, CancellationToken cancellationToken)
    {
        long? id = await context.Jobs.Where(j => j.FinishedAt != null && j.FinishedAt < before)
            .OrderBy(j => j.Id).Select(j => (long?)j.Id).FirstOrDefaultAsync(cancellationToken);
        if (id is null)
        {
            return false;
        }

        // The last of the first rows in order; null when there are none.
        long? lastEvent = await context.JobEvents.Where(e => e.JobId == id).OrderBy(e => e.Seq).Select(e => e.Seq)
            .Take(RowsAtOnce).MaxAsync(seq => (long?)seq, cancellationToken);
        long? lastRejection = await context.JobRejections.Where(r => r.JobId == id).OrderBy(r => r.Number).Select(r => r.Number)
            .Take(RowsAtOnce).MaxAsync(number => (long?)number, cancellationToken);
        await context.JobEvents.Where(e => e.JobId == id && e.Seq <= lastEvent).ExecuteDeleteAsync(cancellationToken);
        await context.JobRejections.Where(r => r.JobId == id && r.Number <= lastRejection).ExecuteDeleteAsync(cancellationToken);
        int members = await DuplicatesJob.RemoveSomeAsync(context, id.Value, cancellationToken);
        if (lastEvent is not null || lastRejection is not null || members > 0)
        {
            return true;
        }

        await context.Jobs.Where(j => j.Id == id).ExecuteDeleteAsync(cancellationToken);
        return true;
    }
}
