using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Jobs;

/// <summary>Jobs: listed, followed, ended.</summary>
internal static class JobsApi
{
    private const int RejectionsAtOnce = 500;
    private const string NdjsonType = "application/x-ndjson";

    private static readonly string[] States = [.. Enum.GetNames<JobState>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/jobs").WithTags("Jobs").KeepsToCollections().WithQueryGuard();
        group.MapGet("", List)
            .RequireAuthorization(Policies.Reader)
            .WithName("listJobs")
            .WithSummary("List jobs, the newest first")
            .ProducesProblems();
        group.MapGet("/{job}", Get)
            .RequireAuthorization(Policies.Reader)
            .WithName("getJob")
            .WithSummary("Read a job's state, progress and counts")
            .ProducesProblems(404);
        group.MapGet("/{job}/events", JobEvents.WriteAsync)
            .RequireAuthorization(Policies.Reader)
            .WithName("followJob")
            .WithSummary("Follow a job by server-sent events")
            .WithDescription("Events 'state', 'progress', 'metric' and 'log', each with JSON data and its number as id, from the first one on; with the header "
                + "Last-Event-ID from the one after that. A comment comes every 15 s when nothing else does. The stream ends with the job.")
            .Produces(200, contentType: JobEvents.ContentType)
            .WithoutTimeout()
            .ProducesProblems(404);
        group.MapGet("/{job}/errors", ErrorsAsync)
            .RequireAuthorization(Policies.Reader)
            .WithName("getJobErrors")
            .WithSummary("Read which items a job refused, and why")
            .WithDescription("One JSON object a line, in the order in which they were refused.")
            .Produces<JobRejectionResponse>(200, NdjsonType)
            .WithTransferTimeout()
            .ProducesProblems(404);
        group.MapPost("/{job}/cancel", Cancel)
            .RequireAuthorization(Policies.Indexer)
            .WithName("cancelJob")
            .WithSummary("End a job")
            .WithDescription("One that waits ends at once, one that runs within seconds; what it has done stays done. One that has ended stays as it is.")
            .ProducesProblems(404);
    }

    /// <summary>The answer to a request that queued a job.</summary>
    public static Accepted<JobResponse> Accepted(JobRecord job) => TypedResults.Accepted($"/jobs/{job.Id}", JobResponse.From(job));

    /// <summary>The number of a job in a path; null when it is none.</summary>
    public static long? ParseId(string job) =>
        long.TryParse(job, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > 0 ? id : null;

    /// <summary>Finds the job of a path; null also when the caller does not see the collection that it is about.</summary>
    public static async Task<JobRecord?> FindAsync(JobReader jobs, CollectionScope scope, string job, CancellationToken cancellationToken) =>
        ParseId(job) is { } id && await jobs.FindAsync(id, cancellationToken) is { } found && scope.Allows(found.Collection) ? found : null;

    private static async Task<Results<Ok<JobList>, ProblemHttpResult>> List(
        JobReader jobs,
        SearchService search,
        CollectionScope scope,
        [FromQuery, Description("Jobs of this kind only, such as import.")] string? kind,
        [FromQuery, Description("Jobs in this state only: queued, running, succeeded, failed or cancelled.")] string? state,
        [FromQuery, Description("Jobs of this collection only.")] string? collection,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Jobs a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        int stateAt = Array.IndexOf(States, state);
        if (state is not null && stateAt < 0)
        {
            return Problems.BadParameter("state", $"'state' is one of {string.Join(", ", States)}; it was '{state}'.");
        }

        long? before = cursor is null ? null : ParseId(cursor);
        if (cursor is not null && before is null)
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        var filter = new JobFilter(kind, state is null ? null : Enum.GetValues<JobState>()[stateAt], collection, scope.Names);
        List<JobRecord> found = await jobs.ListAsync(filter, before, count + 1, cancellationToken);
        return TypedResults.Ok(new JobList(
            [.. found.Take(count).Select(JobResponse.From)],
            found.Count > count ? found[count - 1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<Ok<JobResponse>, ProblemHttpResult>> Get(
        JobReader jobs, SearchService search, CollectionScope scope, string job, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        return await FindAsync(jobs, scope, job, cancellationToken) is { } found ? TypedResults.Ok(JobResponse.From(found)) : Problems.NoJob(job);
    }

    private static async Task<Results<Ok<JobResponse>, ProblemHttpResult>> Cancel(
        JobQueue queue, JobReader jobs, SearchService search, CollectionScope scope, string job, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        return await FindAsync(jobs, scope, job, cancellationToken) is { Id: var id } && await queue.CancelAsync(id, cancellationToken) is { } found
            ? TypedResults.Ok(JobResponse.From(found))
            : Problems.NoJob(job);
    }

    private static async Task<IResult> ErrorsAsync(
        HttpContext context, JobReader jobs, SearchService search, CollectionScope scope, string job, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        if (await FindAsync(jobs, scope, job, cancellationToken) is not { } found)
        {
            return Problems.NoJob(job);
        }

        context.Response.ContentType = NdjsonType;
        List<JobRejectionRecord> page;
        long after = 0;
        do
        {
            page = await jobs.RejectionsAsync(found.Id, after, RejectionsAtOnce, cancellationToken);
            foreach (JobRejectionRecord rejection in page)
            {
                await JsonSerializer.SerializeAsync(
                    context.Response.Body,
                    new JobRejectionResponse(rejection.Number, rejection.Item, rejection.Code, rejection.Reason),
                    ApiJson.Default.JobRejectionResponse,
                    cancellationToken);
                await context.Response.Body.WriteAsync("\n"u8.ToArray(), cancellationToken);
                after = rejection.Number;
            }
        }
        while (page.Count == RejectionsAtOnce);

        return Results.Empty;
    }
}
