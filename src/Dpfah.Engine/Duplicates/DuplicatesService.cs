using System.Text.Json;
using Dpfah.Core.Duplicates;
using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Duplicates;

/// <summary>Near duplicates of a collection: searched for by a job, read page by page.</summary>
public sealed class DuplicatesService
{
    /// <summary>Greatest distance of near codes when none is named, in bits.</summary>
    public const int DefaultDistance = 3;

    /// <summary>Most pictures that are told with a group.</summary>
    public const int PicturesAGroup = 100;

    private readonly Database database;
    private readonly JobQueue queue;

    internal DuplicatesService(Database database, JobQueue queue)
    {
        this.database = database;
        this.queue = queue;
    }

    /// <summary>The kind of its jobs.</summary>
    public static string JobKind => DuplicatesJob.KindName;

    /// <summary>Queues a search.</summary>
    /// <param name="index">The collection.</param>
    /// <param name="distance">Greatest distance of near codes, 0 to <see cref="NearDuplicates.MaxDistance"/>.</param>
    /// <param name="filter">Which pictures; null for all.</param>
    /// <param name="createdBy">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public Task<JobRecord> StartAsync(
        CollectionIndex index, int distance, SearchFilter? filter, string? createdBy, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)distance, (uint)NearDuplicates.MaxDistance(index.Generation.Bits), nameof(distance));
        string request = JsonSerializer.Serialize(new DuplicatesRequest(distance, filter?.Text), JobJson.Options);
        return queue.EnqueueAsync(
            new NewJob(DuplicatesJob.KindName, JobLanes.General, request, createdBy, index.CollectionId, index.Name), [], cancellationToken);
    }

    /// <summary>What a job that has ended well came to.</summary>
    public static DuplicatesResult? ResultOf(JobRecord job) =>
        job is { State: JobState.Succeeded, Result: { } result } && job.Kind == DuplicatesJob.KindName
            ? JsonSerializer.Deserialize<DuplicatesResult>(result, JobJson.Options)
            : null;

    /// <summary>Groups that a job found, the largest first; pictures that were deleted since are left out, and groups that have one picture left.</summary>
    /// <param name="job">The job.</param>
    /// <param name="after">Number of the group after which to begin; 0 for the first.</param>
    /// <param name="limit">Groups to look at.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<FoundGroup>> GroupsAsync(long job, int after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) =>
        {
            Dictionary<int, int> sizes = await context.DuplicateMembers
                .Where(m => m.JobId == job && m.GroupNumber > after && m.GroupNumber <= after + limit)
                .Join(context.Items, m => m.ItemNumber, i => i.Number, (m, i) => m.GroupNumber)
                .GroupBy(number => number).Select(group => new { Number = group.Key, Size = group.Count() }).Where(group => group.Size > 1)
                .ToDictionaryAsync(group => group.Number, group => group.Size, token);
            var members = new List<FoundMember>();
            int[] small = [.. sizes.Where(group => group.Value <= PicturesAGroup).Select(group => group.Key)];
            members.AddRange(await Members(context, job).Where(m => small.Contains(m.Group)).ToListAsync(token));
            foreach (int large in sizes.Where(group => group.Value > PicturesAGroup).Select(group => group.Key))
            {
                members.AddRange(await Members(context, job).Where(m => m.Group == large).OrderBy(m => m.Number).Take(PicturesAGroup).ToListAsync(token));
            }

            ILookup<int, FoundMember> byGroup = members.OrderBy(m => m.Number).ToLookup(m => m.Group);
            return sizes.OrderBy(group => group.Key).Select(group => new FoundGroup(group.Key, group.Value, [.. byGroup[group.Key]])).ToList();
        },
        cancellationToken);

    /// <summary>Pictures of all groups that a job found, or of one, by group and item number.</summary>
    /// <param name="job">The job.</param>
    /// <param name="group">The group; null for all.</param>
    /// <param name="after">Group and item number of the last picture that is known; zeros for none.</param>
    /// <param name="limit">Most pictures to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<FoundMember>> MembersAsync(
        long job, int? group, (int Group, long Number) after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => Members(context, job)
            .Where(m => (group == null || m.Group == group) && (m.Group > after.Group || (m.Group == after.Group && m.Number > after.Number)))
            .OrderBy(m => m.Group).ThenBy(m => m.Number).Take(limit).ToListAsync(token),
        cancellationToken);

    private static IQueryable<FoundMember> Members(DpfahContext context, long job) => context.DuplicateMembers.Where(m => m.JobId == job)
        .Join(context.Items, m => m.ItemNumber, i => i.Number, (m, i) => new FoundMember
        {
            Group = m.GroupNumber,
            Number = m.ItemNumber,
            Id = i.PublicId,
            Distance = m.Distance,
            Labels = i.Labels,
        });
}
