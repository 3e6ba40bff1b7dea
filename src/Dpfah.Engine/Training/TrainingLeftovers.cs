using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Removes the folders of trainings that nobody works in any more, such as after a kill.</summary>
internal sealed class TrainingLeftovers(Database database, EngineOptions options)
{
    /// <summary>Removes all but those of a running job's latest turn; of an earlier turn of the same job nothing is used again.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        // In this order: whoever has made a folder had claimed its job before, which is seen here.
        (long JobId, long Fence, string Folder)[] all = [.. TrainingFolder.All(options.DataFolder)];
        if (all.Length == 0)
        {
            return;
        }

        long[] ids = [.. all.Select(one => one.JobId)];
        Dictionary<long, long> running = await database.ReadAsync(
            (context, token) => context.Jobs.Where(j => ids.Contains(j.Id) && j.State == JobState.Running).ToDictionaryAsync(j => j.Id, j => j.Fence, token),
            cancellationToken);
        foreach ((_, _, string left) in all.Where(one => running.GetValueOrDefault(one.JobId) != one.Fence))
        {
            TrainingFolder.Remove(left);
        }
    }
}
