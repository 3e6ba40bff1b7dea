using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>The queue: jobs run, are followed, fail, are tried again and cancelled.</summary>
public abstract class JobTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_job_ends_with_its_counts_and_its_result()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(10));

        JobResponse job = await client.EndOfJobAsync(queued.Id);

        Assert.Equal(JobState.Succeeded, job.State);
        Assert.Equal(new JobCounts(10, 7, 0, 3), job.Counts);
        Assert.Equal(new JobProgressResponse("counting", 10, 10), job.Progress);
        Assert.Equal(10, job.Result!.Value.GetProperty("counted").GetInt32());
        Assert.Equal(10, job.Request.GetProperty("steps").GetInt32());
        Assert.Equal(("counting", "tests", null), (job.Kind, job.CreatedBy, job.Error));
        Assert.True(job.CreatedAt <= job.StartedAt && job.StartedAt <= job.FinishedAt);
    }

    [Fact]
    public async Task The_errors_of_a_job_are_a_line_for_each_rejected_item()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(3 * 501));

        // Each step is on the disk before the next: beside other tests that takes its time.
        await client.EndOfJobAsync(queued.Id);

        Answer answer = await client.GetAsync($"/jobs/{queued.Id}/errors");

        answer.AssertStatus(HttpStatusCode.OK);
        Assert.Equal("application/x-ndjson", answer.ContentHeaders.ContentType?.MediaType);
        JobRejectionResponse[] lines =
            [.. answer.Text.TrimEnd('\n').Split('\n').Select(line => JsonSerializer.Deserialize<JobRejectionResponse>(line, Answer.Json)!)];
        Assert.Equal(Enumerable.Range(1, 501).Select(i => new JobRejectionResponse(i, $"item {3 * i}", "third", $"Item {3 * i} is a third one.")), lines);
    }

    [Fact]
    public async Task Events_are_numbered_without_gaps_and_replayed_after_the_last_one_that_is_known()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(20, PauseMs: 5));
        SentEvent[] followed = SentEvent.Read((await client.GetAsync($"/jobs/{queued.Id}/events")).Text);

        // The stream ended with the job, and all of it is there again for whoever comes later.
        Assert.Equal(Enumerable.Range(1, followed.Length), followed.Select(e => (int)e.Id));
        Assert.Equal(["queued", "running", "succeeded"], followed.Where(e => e.Kind == "state").Select(e => e.Data.GetProperty("state").GetString()));
        Assert.Equal(Enumerable.Range(1, 20), followed.Where(e => e.Kind == "metric").Select(e => e.Data.GetProperty("step").GetInt32()));
        Assert.Equal(20, followed.Last(e => e.Kind == "progress").Data.GetProperty("counts").GetProperty("accepted").GetInt32());
        SentEvent[] replayed = SentEvent.Read((await client.GetAsync($"/jobs/{queued.Id}/events", ("Last-Event-ID", "5"))).Text);
        Assert.Equal(followed.Skip(5).Select(e => (e.Id, e.Kind, e.Data.GetRawText())), replayed.Select(e => (e.Id, e.Kind, e.Data.GetRawText())));
        (await client.GetAsync($"/jobs/{queued.Id}/events", ("Last-Event-ID", "five"))).ReadBadParameter();
    }

    [Fact]
    public async Task A_job_that_runs_is_cancelled_within_seconds()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(100_000, PauseMs: 10));
        await Eventually.BecomesAsync(() => client.JobAsync(queued.Id), job => job.Counts.Accepted > 3);
        var clock = Stopwatch.StartNew();

        Assert.True((await client.CancelJobAsync(queued.Id)).CancelRequested);

        JobResponse job = await client.EndOfJobAsync(queued.Id);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        Assert.Equal(JobState.Cancelled, job.State);
        Assert.InRange(job.Counts.Accepted, 4, 99_999);
        Assert.Equal(JobState.Cancelled, (await client.CancelJobAsync(queued.Id)).State);
    }

    [Fact]
    public async Task A_job_that_waits_is_cancelled_at_once()
    {
        // Training is one at a time.
        JobRecord first = await fixture.Service.CountAsync(new CountingJob.Order(100_000, PauseMs: 10), JobLanes.Training);
        JobRecord second = await fixture.Service.CountAsync(new CountingJob.Order(1), JobLanes.Training);
        await Eventually.BecomesAsync(() => client.JobAsync(first.Id), job => job.State == JobState.Running);

        JobResponse cancelled = await client.CancelJobAsync(second.Id);

        Assert.Equal((JobState.Cancelled, null), (cancelled.State, cancelled.StartedAt));
        await client.CancelJobAsync(first.Id);
        Assert.Equal(JobState.Cancelled, (await client.EndOfJobAsync(first.Id)).State);
        Assert.Equal(0, (await client.JobAsync(second.Id)).Counts.Accepted);
    }

    [Fact]
    public async Task An_attempt_that_fails_is_made_again_from_the_checkpoint()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(6, FailAt: 4, Failures: 1));

        JobResponse job = await client.EndOfJobAsync(queued.Id);

        Assert.Equal(JobState.Succeeded, job.State);
        Assert.Equal(6, job.Counts.Accepted);
        SentEvent[] events = SentEvent.Read((await client.GetAsync($"/jobs/{queued.Id}/events")).Text);
        Assert.Equal(Enumerable.Range(1, 6), events.Where(e => e.Kind == "metric").Select(e => e.Data.GetProperty("step").GetInt32()));
        Assert.Contains(events, e => e.Kind == "state" && e.Data.GetProperty("error").GetString() == "It did not work this time.");
    }

    [Fact]
    public async Task A_job_that_fails_three_times_without_progress_is_given_up_with_its_reason()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(6, FailAt: 2, Failures: 9));

        JobResponse job = await client.EndOfJobAsync(queued.Id);

        Assert.Equal((JobState.Failed, "It did not work this time.", 3, 2L), (job.State, job.Error, job.Attempts, job.Counts.Accepted));
    }

    [Fact]
    public async Task A_job_that_cannot_be_done_is_not_tried_again()
    {
        JobRecord queued = await fixture.Service.CountAsync(new CountingJob.Order(6, FailAt: 0, Failures: 9, Final: true));

        JobResponse job = await client.EndOfJobAsync(queued.Id);

        Assert.Equal((JobState.Failed, "It cannot be done.", 1), (job.State, job.Error, job.Attempts));
    }

    [Fact]
    public async Task Jobs_are_listed_the_newest_first_by_pages_and_narrowed()
    {
        var queued = new List<long>();
        for (int i = 0; i < 5; i++)
        {
            queued.Add((await fixture.Service.CountAsync(new CountingJob.Order(1))).Id);
        }

        foreach (long id in queued)
        {
            await client.EndOfJobAsync(id);
        }

        JobList first = (await client.GetAsync("/jobs?limit=3&kind=counting&state=succeeded")).Read<JobList>();
        JobList second = (await client.GetAsync($"/jobs?limit=500&kind=counting&state=succeeded&cursor={first.NextCursor}")).Read<JobList>();

        long[] ids = [.. first.Items.Concat(second.Items).Select(job => job.Id)];
        Assert.Equal(ids.OrderDescending(), ids);
        Assert.Subset(ids.ToHashSet(), queued.ToHashSet());
        Assert.Empty((await client.GetAsync("/jobs?kind=knitting")).Read<JobList>().Items);
        Assert.Empty((await client.GetAsync("/jobs?collection=nowhere")).Read<JobList>().Items);
    }

    [Fact]
    public async Task What_is_no_job_is_said_to_be_none()
    {
        foreach (string path in (string[])["/jobs/999999999", "/jobs/x", "/jobs/0", "/jobs/-1", "/jobs/999999999/events", "/jobs/999999999/errors"])
        {
            (await client.GetAsync(path)).ReadProblem(HttpStatusCode.NotFound, "job-not-found");
        }

        (await client.SendAsync(HttpMethod.Post, "/jobs/999999999/cancel")).ReadProblem(HttpStatusCode.NotFound, "job-not-found");
        Assert.Contains("queued, running", (await client.GetAsync("/jobs?state=asleep")).ReadBadParameter().Detail, StringComparison.Ordinal);
        (await client.GetAsync("/jobs?cursor=x")).ReadBadParameter();
    }
}

public sealed class JobTests_Postgres(PostgresService fixture) : JobTests(fixture), IClassFixture<PostgresService>;

public sealed class JobTests_Sqlite(SqliteService fixture) : JobTests(fixture), IClassFixture<SqliteService>;
