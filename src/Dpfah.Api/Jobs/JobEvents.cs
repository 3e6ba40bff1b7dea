using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Jobs;

/// <summary>Writes a job's events as server-sent events (WHATWG HTML, section 9.2).</summary>
/// <remarks>A writer of our own: the framework's writes no comments, and holds the shutdown open for as long as a reader stays.</remarks>
internal static class JobEvents
{
    public const string ContentType = "text/event-stream";

    private const int EventsAtOnce = 500;
    private const string LastEventId = "Last-Event-ID";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task<IResult> WriteAsync(
        HttpContext context,
        JobReader jobs,
        SearchService search,
        CollectionScope scope,
        KeyGate gate,
        EventStreams streams,
        IHostApplicationLifetime lifetime,
        TimeProvider clock,
        string job,
        [FromHeader(Name = LastEventId), Description("Number of the last event that the reader has.")] string? lastEventId,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        if (await JobsApi.FindAsync(jobs, scope, job, cancellationToken) is not { } found)
        {
            return Problems.NoJob(job);
        }

        long after = 0;
        if (!string.IsNullOrEmpty(lastEventId)
            && !long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Problems.BadParameter(LastEventId, $"'{LastEventId}' is the id of an event, a whole number; it was '{lastEventId}'.");
        }

        using IDisposable? place = streams.TryEnter(context, out ProblemHttpResult? tooMany);
        if (tooMany is not null)
        {
            return tooMany;
        }

        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-store";

        // Proxies that gather answers would hold events back.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            await FollowAsync(context.Response, jobs, found.Id, after, clock, gate, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader went, or the service stops: the reader comes back with the number of its last event.
        }

        return Results.Empty;
    }

    private static async Task FollowAsync(
        HttpResponse response, JobReader jobs, long id, long after, TimeProvider clock, KeyGate gate, CancellationToken cancellationToken)
    {
        long written = clock.GetTimestamp();
        using JobWatch watch = jobs.Watch(id);
        await response.StartAsync(cancellationToken);
        while (true)
        {
            // Both before the events are read: what comes after the reading wakes, and the last event of a job that has ended is in it.
            Task change = watch.NextChangeAsync(cancellationToken);
            bool hasEnded = await jobs.FindAsync(id, cancellationToken) is not { HasEnded: false };
            List<JobEventRecord> events;
            do
            {
                events = await jobs.EventsAsync(id, after, EventsAtOnce, cancellationToken);
                foreach (JobEventRecord happened in events)
                {
                    await response.WriteAsync(Format(happened), cancellationToken);
                    after = happened.Seq;
                }
            }
            while (events.Count == EventsAtOnce);

            if (events.Count == 0 && clock.GetElapsedTime(written) >= Heartbeat)
            {
                await response.WriteAsync(": still there\n\n", cancellationToken);
                written = clock.GetTimestamp();
            }

            if (events.Count > 0)
            {
                written = clock.GetTimestamp();
            }

            await response.Body.FlushAsync(cancellationToken);
            if (hasEnded || !gate.Admits(response.HttpContext.Request))
            {
                // Whose key was revoked meanwhile hears no more; a reader that comes again is told so.
                return;
            }

            await change;
        }
    }

    /// <summary>An event's lines. Its data is JSON in one line.</summary>
    private static string Format(JobEventRecord happened) => new StringBuilder()
        .Append("id: ").Append(happened.Seq.ToString(CultureInfo.InvariantCulture)).Append('\n')
        .Append("event: ").Append(JsonNamingPolicy.CamelCase.ConvertName(happened.Kind.ToString())).Append('\n')
        .Append("data: ").Append(happened.Data).Append("\n\n").ToString();
}
