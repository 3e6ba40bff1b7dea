using System.Diagnostics;
using System.Text.Json;
using Dpfah.Core.Duplicates;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Duplicates;

/// <summary>Finds the near duplicates of a collection by the codes of its active generation.</summary>
/// <remarks>It takes a minute at most, so that it begins anew after an interruption: its groups are those of one moment.</remarks>
internal sealed class DuplicatesJob(Database database, IndexFollower follower, ImageReader images) : IJobHandler
{
    public const string KindName = "duplicates";

    private const int RowsAtOnce = 2_000;
    private const string Storing = "storing groups";
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    public string Kind => KindName;

    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        DuplicatesRequest request = run.ReadRequest<DuplicatesRequest>();
        await ForgetAsync(run, cancellationToken);
        CollectionIndex index = await IndexAsync(run, cancellationToken);
        (long, long)[] marks = await MarksAsync(index.CollectionId, cancellationToken);
        ItemFilter? filter = await FilterAsync(request.Filter, index.CollectionId, cancellationToken);

        long start = Stopwatch.GetTimestamp();
        (IReadOnlyList<DuplicateGroup> groups, int pictures) = await CompareAsync(run, index, request.Distance, filter, marks, cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // The largest come first: there is most to tidy up.
        groups = [.. groups.OrderByDescending(group => group.Members.Count).ThenBy(group => group.Members[0].Id)];
        long inGroups = groups.Sum(group => (long)group.Members.Count);
        await StoreAsync(run, groups, inGroups, cancellationToken);
        await run.ReportAsync(progress => progress.Count(pictures, inGroups, pictures - inGroups), cancellationToken);
        return JsonSerializer.Serialize(
            new DuplicatesResult(
                index.Generation.Id,
                index.Generation.ModelName,
                request.Distance,
                pictures,
                groups.Count,
                inGroups,
                groups.Count == 0 ? 0 : groups[0].Members.Count,
                Math.Round(seconds, 3)),
            JobJson.Options);
    }

    /// <summary>Removes what an earlier attempt has stored.</summary>
    private static async Task ForgetAsync(JobRun run, CancellationToken cancellationToken)
    {
        int removed;
        do
        {
            removed = await run.WriteAsync((context, _, token) => RemoveSomeAsync(context, run.Id, token), cancellationToken);
        }
        while (removed > 0);
    }

    /// <summary>Removes some members of a job's groups.</summary>
    /// <returns>How many; 0 when none are left.</returns>
    internal static async Task<int> RemoveSomeAsync(DpfahContext context, long jobId, CancellationToken cancellationToken)
    {
        // One group may have all pictures of a collection.
        var first = await context.DuplicateMembers.Where(m => m.JobId == jobId).OrderBy(m => m.GroupNumber).ThenBy(m => m.ItemNumber)
            .Select(m => new { m.GroupNumber, m.ItemNumber }).Take(RowsAtOnce).ToListAsync(cancellationToken);
        if (first.Count == 0)
        {
            return 0;
        }

        (int group, long item) = (first[^1].GroupNumber, first[^1].ItemNumber);
        return await context.DuplicateMembers
            .Where(m => m.JobId == jobId && (m.GroupNumber < group || (m.GroupNumber == group && m.ItemNumber <= item)))
            .ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>The collection's index, once it has seen all that was there when the job began.</summary>
    private async Task<CollectionIndex> IndexAsync(JobRun run, CancellationToken cancellationToken)
    {
        ulong position = await database.ReadAsync((context, token) => database.VisiblePositionAsync(context, token), cancellationToken);
        if (!await follower.WaitAsync(position, cancellationToken))
        {
            throw new TimeoutException("The index has not seen all of the collection yet: a long transaction on the database server may hold it back.");
        }

        return follower.Find(run.CollectionName!) is not { } index || index.CollectionId != run.CollectionId
            ? throw new JobFailedException($"The collection '{run.CollectionName}' was deleted.")
            : index.Layout is not null ? throw new JobFailedException(new ShardedCollectionException(index.Name).Message) : index;
    }

    private async Task<(long, long)[]> MarksAsync(int collectionId, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync(
            (context, token) => context.NotDuplicates.Where(n => n.CollectionId == collectionId)
                .Select(n => new { n.FirstItem, n.SecondItem }).ToListAsync(token),
            cancellationToken)).Select(n => (n.FirstItem, n.SecondItem))];

    private async Task<ItemFilter?> FilterAsync(string? text, int collectionId, CancellationToken cancellationToken)
    {
        if (text is null)
        {
            return null;
        }

        return SearchFilter.TryParse(text, out SearchFilter? filter) is { } wrong
            ? throw new JobFailedException(wrong)
            : await filter!.ResolveAsync(images, [collectionId], cancellationToken);
    }

    private static async Task<(IReadOnlyList<DuplicateGroup> Groups, int Pictures)> CompareAsync(
        JobRun run, CollectionIndex index, int distance, ItemFilter? filter, (long, long)[] marks, CancellationToken cancellationToken)
    {
        int done = 0;
        var codes = await Task.Run(() => IdentifiedCodes.Of(index.Snapshot, filter, cancellationToken), cancellationToken);
        Task<IReadOnlyList<DuplicateGroup>> comparing = Task.Factory.StartNew(
            () => NearDuplicates.Find(codes, distance, marks, compared => Volatile.Write(ref done, compared), cancellationToken),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        do
        {
            await run.ReportAsync(progress => progress.SetStage("comparing codes", Volatile.Read(ref done), codes.Ids.Count), cancellationToken);
        }
        while (await Task.WhenAny(comparing, Task.Delay(ReportEvery, cancellationToken)) != comparing);

        return (await comparing, codes.Ids.Count);
    }

    private static async Task StoreAsync(JobRun run, IReadOnlyList<DuplicateGroup> groups, long total, CancellationToken cancellationToken)
    {
        long stored = 0;
        await run.ReportAsync(progress => progress.SetStage(Storing, 0, total), cancellationToken);
        IEnumerable<Data.Entities.DuplicateMember> rows = groups.SelectMany((group, i) => group.Members.Select(member => new Data.Entities.DuplicateMember
        {
            JobId = run.Id,
            GroupNumber = i + 1,
            ItemNumber = member.Id,
            Distance = member.Distance,
        }));
        foreach (Data.Entities.DuplicateMember[] some in rows.Chunk(RowsAtOnce))
        {
            stored += some.Length;
            await run.WriteAsync(
                async (context, progress, token) =>
                {
                    // The groups are those of the index; what was deleted since is in none. One that goes at this moment breaks the
                    // transaction, and the job begins anew.
                    long[] numbers = [.. some.Select(member => member.ItemNumber)];
                    HashSet<long> there = [.. await context.Items.Where(i => numbers.Contains(i.Number)).Select(i => i.Number).ToListAsync(token)];
                    context.DuplicateMembers.AddRange(some.Where(member => there.Contains(member.ItemNumber)));
                    progress.SetStage(Storing, stored, total);
                    return await context.SaveChangesAsync(token);
                },
                cancellationToken);
        }
    }
}
