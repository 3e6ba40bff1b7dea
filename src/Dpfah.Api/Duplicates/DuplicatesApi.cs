using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.Jobs;
using Dpfah.Api.OpenApi;
using Dpfah.Api.Search;
using Dpfah.Core.Duplicates;
using Dpfah.Engine.Duplicates;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Duplicates;

/// <summary>Near duplicates of a collection.</summary>
internal static class DuplicatesApi
{
    private const string NdjsonType = "application/x-ndjson";
    private const int LinesAtOnce = 1_000;
    private const string CursorText = "The nextCursor of the page before.";

    public static void MapDuplicates(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/collections/{collection}/duplicates").WithTags("Duplicates").WithQueryGuard();
        group.MapPost("", Start)
            .RequireAuthorization(Policies.Indexer)
            .WithName("findDuplicates")
            .WithSummary("Search a collection for near duplicates: a job")
            .WithDescription("Pictures whose codes differ in at most 'distance' bits are near. A group grows from the ungrouped picture that came first: all near it join, then all near those, "
                + "and so on, but for pictures that are marked as no duplicate of a member. A chain of near pictures is one group, so keep the distance small.")
            .Accepts<DuplicatesJobRequest>(isOptional: true, "application/json")
            .ProducesProblems(404, 413, 415);
        group.MapGet("/{job}", Groups)
            .RequireAuthorization(Policies.Reader)
            .WithName("listDuplicates")
            .WithSummary("The groups that a job found, the largest first")
            .ProducesProblems(404, 409);
        group.MapGet("/{job}/groups/{group}", Members)
            .RequireAuthorization(Policies.Reader)
            .WithName("listDuplicatesOfGroup")
            .WithSummary("All pictures of one group")
            .ProducesProblems(404, 409);
        group.MapGet("/{job}/export", ExportAsync)
            .RequireAuthorization(Policies.Reader)
            .WithName("exportDuplicates")
            .WithSummary("All pictures of all groups, one JSON object a line")
            .Produces<DuplicateLine>(200, NdjsonType)
            .WithTransferTimeout()
            .ProducesProblems(404, 409);
    }

    private static async Task<Results<Accepted<JobResponse>, ProblemHttpResult>> Start(
        HttpContext context, SearchService search, DuplicatesService duplicates, string collection, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is not { } index)
        {
            return Problems.NoCollection(collection);
        }

        (DuplicatesJobRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<DuplicatesJobRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        int most = NearDuplicates.MaxDistance(index.Generation.Bits), distance = body?.Distance ?? Math.Min(DuplicatesService.DefaultDistance, most);
        if (distance < 0 || distance > most)
        {
            return Problems.BadParameter("distance", $"'distance' is a whole number from 0 to {most}, a quarter of the codes' length and at most 32; it was {distance}.");
        }

        SearchFilter? filter = null;
        if (body?.Filter is { ValueKind: not JsonValueKind.Null } text && SearchFilter.TryParse(text.GetRawText(), out filter) is { } wrongFilter)
        {
            return Problems.BadParameter("filter", wrongFilter);
        }

        index.ThrowIfSharded();
        return JobsApi.Accepted(await duplicates.StartAsync(index, distance, filter, context.User.Identity?.Name, cancellationToken));
    }

    private static async Task<Results<Ok<DuplicateGroupList>, ProblemHttpResult>> Groups(
        SearchService search,
        JobReader jobs,
        CollectionScope scope,
        DuplicatesService duplicates,
        string collection,
        string job,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Groups a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description(CursorText)] string? cursor,
        CancellationToken cancellationToken)
    {
        int after = 0;
        if (cursor is not null && !(int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after) && after > 0))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        (string name, JobRecord? found, ProblemHttpResult? wrong) = await FindAsync(search, jobs, scope, collection, job, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        DuplicatesResult result = DuplicatesService.ResultOf(found!)!;
        int count = limit ?? ApiLimits.DefaultLimit;
        List<FoundGroup> groups = await duplicates.GroupsAsync(found!.Id, after, count, cancellationToken);
        return TypedResults.Ok(new DuplicateGroupList(
            found.Id,
            result.Distance,
            result.Pictures,
            result.Groups,
            result.InGroups,
            [.. groups.Select(group => new DuplicateGroupResponse(group.Group, group.Pictures, [.. group.Members.Select(member => ToResponse(name, member))]))],
            after + (long)count < result.Groups ? (after + count).ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<Ok<DuplicateList>, ProblemHttpResult>> Members(
        SearchService search,
        JobReader jobs,
        CollectionScope scope,
        DuplicatesService duplicates,
        string collection,
        string job,
        string group,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Pictures a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description(CursorText)] string? cursor,
        CancellationToken cancellationToken)
    {
        long after = 0;
        if (cursor is not null && !(long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after) && after > 0))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        (string name, JobRecord? found, ProblemHttpResult? wrong) = await FindAsync(search, jobs, scope, collection, job, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        int groups = DuplicatesService.ResultOf(found!)!.Groups;
        if (!int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > groups)
        {
            return Problems.BadParameter("group", $"The groups of job {found!.Id} are numbered from 1 to {groups}; it was '{group}'.");
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<FoundMember> members = await duplicates.MembersAsync(found!.Id, number, (number, after), count + 1, cancellationToken);
        return TypedResults.Ok(new DuplicateList(
            [.. members.Take(count).Select(member => ToResponse(name, member))],
            members.Count > count ? members[count - 1].Number.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<IResult> ExportAsync(
        HttpContext context,
        SearchService search,
        JobReader jobs,
        CollectionScope scope,
        DuplicatesService duplicates,
        string collection,
        string job,
        CancellationToken cancellationToken)
    {
        (_, JobRecord? found, ProblemHttpResult? wrong) = await FindAsync(search, jobs, scope, collection, job, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        context.Response.ContentType = NdjsonType;
        (int Group, long Number) after = (0, 0);
        List<FoundMember> page;
        do
        {
            page = await duplicates.MembersAsync(found!.Id, null, after, LinesAtOnce, cancellationToken);
            foreach (FoundMember member in page)
            {
                var line = new DuplicateLine(member.Group, member.Id, member.Distance, member.Labels);
                await JsonSerializer.SerializeAsync(context.Response.Body, line, ApiJson.Default.DuplicateLine, cancellationToken);
                await context.Response.Body.WriteAsync("\n"u8.ToArray(), cancellationToken);
                after = (member.Group, member.Number);
            }
        }
        while (page.Count == LinesAtOnce);

        return Results.Empty;
    }

    /// <summary>Finds the job of a path, which has ended well.</summary>
    private static async Task<(string Name, JobRecord? Job, ProblemHttpResult? Problem)> FindAsync(
        SearchService search, JobReader jobs, CollectionScope scope, string collection, string job, CancellationToken cancellationToken)
    {
        collection = RawPath.Decode(collection);
        if (search.Find(collection) is null)
        {
            return (collection, null, Problems.NoCollection(collection));
        }

        if (await JobsApi.FindAsync(jobs, scope, job, cancellationToken) is not { } found || found.Kind != DuplicatesService.JobKind || found.Collection != collection)
        {
            return (collection, null, Problems.NoDuplicatesJob(collection, job));
        }

        return DuplicatesService.ResultOf(found) is null
            ? (collection, null, Problems.JobNotSucceeded(found.Id, JsonNamingPolicy.CamelCase.ConvertName(found.State.ToString())))
            : (collection, found, null);
    }

    private static DuplicateResponse ToResponse(string collection, FoundMember member) =>
        new(member.Id, member.Distance, member.Labels, RankingResponder.PreviewPath(collection, member.Id));
}
