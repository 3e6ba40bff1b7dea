using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Dpfah.Engine;
using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>Parts of a job go to other nodes and come back, or are left to the node that runs the job.</summary>
public sealed class PartBoardTests(PostgresService fixture) : IClassFixture<PostgresService>
{
    private static readonly string[] Kinds = [CountingJob.Name];
    private static readonly byte[] Output = Encoding.UTF8.GetBytes("42");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly PartBoard leader = Board(fixture), other = Board(fixture), third = Board(fixture);

    [Fact]
    public async Task A_part_is_taken_once_and_what_came_of_it_comes_back_once()
    {
        JobRun run = await RunAsync();
        PartJob job = JobOf(run);
        Assert.DoesNotContain(job, await other.JobsAsync(Kinds, default));
        Assert.True(await leader.OfferAsync(run, 1, """{"n":1}""", default));
        Assert.True(await leader.OfferAsync(run, 2, """{"n":2}""", default));
        Assert.Contains(job, await other.JobsAsync(Kinds, default));
        Assert.DoesNotContain(job, await other.JobsAsync(["import"], default));
        Assert.DoesNotContain(job, await leader.JobsAsync(Kinds, default));
        Assert.Null(await leader.TakeAsync(job, default));

        PartOrder first = (await other.TakeAsync(job, default))!;
        PartOrder second = (await third.TakeAsync(job, default))!;
        Assert.Null(await third.TakeAsync(job, default));
        Assert.DoesNotContain(job, await other.JobsAsync(Kinds, default));
        Assert.Equal((1L, """{"n":1}""", run.Request), (first.Number, first.Input, first.Job.Request));
        Assert.Equal((2L, """{"n":2}"""), (second.Number, second.Input));
        Assert.False(await leader.TakeBackAsync(run, 1, default));

        Task<byte[]?> waiting = ResultAsync(run, 1);
        Assert.False(await third.FinishAsync(first, [1], default)); // It is not its own.
        Assert.False(waiting.IsCompleted);
        Assert.True(await other.FinishAsync(first, Output, default));
        Assert.Equal(Output, await waiting);
        Assert.False(await other.FinishAsync(first, Output, default));
        Assert.Null(await ResultAsync(run, 1));
        Assert.True(await third.RenewAsync(second, default));
        Assert.False(await other.RenewAsync(first, default));
    }

    [Fact]
    public async Task A_part_that_nobody_takes_or_that_is_given_up_or_lost_or_takes_too_long_is_left_to_the_node_that_runs_the_job()
    {
        JobRun run = await RunAsync();
        PartJob job = JobOf(run);
        await leader.OfferAsync(run, 1, "{}", default);
        Assert.True(await leader.TakeBackAsync(run, 1, default));
        Assert.Null(await other.TakeAsync(job, default));

        await leader.OfferAsync(run, 2, "{}", default);
        PartOrder part = (await other.TakeAsync(job, default))!;
        Task<byte[]?> waiting = ResultAsync(run, 2);
        await other.GiveUpAsync(part, default);
        Assert.Null(await waiting);

        await leader.OfferAsync(run, 3, "{}", default);
        part = (await other.TakeAsync(job, default))!;
        waiting = ResultAsync(run, 3);
        await fixture.Database.ExecuteAsync($"UPDATE job_parts SET lease_until_ms = 0 WHERE job_id = {run.Id}");
        Assert.Null(await waiting);
        Assert.False(await other.FinishAsync(part, Output, default));

        await leader.OfferAsync(run, 4, "{}", default);
        part = (await other.TakeAsync(job, default))!;
        Assert.Null(await leader.ResultAsync(run, 4, waited => waited > TimeSpan.FromMilliseconds(100), default));
        Assert.False(await other.RenewAsync(part, default));
        Assert.Equal(0, await CountAsync(run));
    }

    [Fact]
    public async Task Nothing_is_left_of_a_run_that_has_ended_and_nothing_is_taken_of_one_whose_end_was_asked_for()
    {
        JobRun run = await RunAsync();
        PartJob job = JobOf(run);
        await leader.OfferAsync(run, 1, "{}", default);
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET fence = fence + 1 WHERE id = {run.Id}");
        Assert.Null(await other.TakeAsync(job, default));
        Assert.False(await other.RunsAsync(job, default));
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET fence = fence - 1, cancel_requested = true WHERE id = {run.Id}");
        Assert.Null(await other.TakeAsync(job, default));
        Assert.DoesNotContain(job, await other.JobsAsync(Kinds, default));
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET cancel_requested = false WHERE id = {run.Id}");
        Assert.True(await other.RunsAsync(job, default));
        PartOrder part = (await other.TakeAsync(job, default))!;

        await fixture.Service.Services.GetRequiredService<JobClaims>().FinishAsync(run, JobState.Succeeded, null, null);

        Assert.False(await other.RenewAsync(part, default));
        Assert.Equal(0, await CountAsync(run));
    }

    [Fact]
    public async Task A_run_that_is_over_offers_nothing_and_what_is_left_of_one_is_cleaned_up_or_replaced()
    {
        JobRun run = await RunAsync();
        await leader.OfferAsync(run, 1, "old", default);
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET fence = fence + 1 WHERE id = {run.Id}");
        Assert.False(await leader.OfferAsync(run, 2, "{}", default));
        Assert.Equal(1, await CountAsync(run));
        Assert.DoesNotContain(run.Id, (await other.JobsAsync(Kinds, default)).Select(job => job.Id));

        await fixture.Service.Services.GetRequiredService<JobCleaning>().RunAsync(default);
        Assert.Equal(0, await CountAsync(run));

        await fixture.Database.ExecuteAsync($"UPDATE jobs SET fence = fence - 1 WHERE id = {run.Id}");
        await leader.OfferAsync(run, 1, "old", default);
        Assert.NotNull(await other.TakeAsync(JobOf(run), default));
        Assert.True(await leader.OfferAsync(run, 1, "new", default));
        Assert.Equal("new", (await other.TakeAsync(JobOf(run), default))!.Input);
    }

    [Fact]
    public async Task A_part_that_another_holds_at_the_moment_keeps_nobody_waiting()
    {
        JobRun run = await RunAsync();
        PartJob job = JobOf(run);
        await leader.OfferAsync(run, 1, "{}", default);
        await leader.OfferAsync(run, 2, "{}", default);
        await using (await HeldLock.TakeAsync(fixture.Database, $"SELECT FROM job_parts WHERE job_id = {run.Id} AND number = 1 FOR UPDATE"))
        {
            Task all = Task.Run(async () =>
            {
                Assert.Equal(2, (await other.TakeAsync(job, default))!.Number);
                Assert.False(await leader.TakeBackAsync(run, 1, default));
                Assert.Null(await leader.ResultAsync(run, 1, _ => true, default));
                await fixture.Service.Services.GetRequiredService<JobClaims>().FinishAsync(run, JobState.Succeeded, null, null);
            });
            await all.WaitAsync(Long);
        }

        Assert.Equal(1, await CountAsync(run));
        await PartBoard.CleanAsync(fixture.Service.Services.GetRequiredService<Database>(), default);
        Assert.Equal(0, await CountAsync(run));
    }

    [Fact]
    public async Task Parts_are_computed_here_unless_another_node_brings_what_is_of_use()
    {
        JobRun run = await RunAsync();
        await using var shared = new SharedParts(leader, run);
        Assert.Null(shared.Summary);
        var busy = new TaskCompletionSource();
        int here = 0, adopted = 0;
        Task Compute()
        {
            Interlocked.Increment(ref here);
            return busy.Task;
        }

        bool Adopt(byte[] output)
        {
            Interlocked.Increment(ref adopted);
            return output.AsSpan().SequenceEqual(Output);
        }

        Task[] parts = [.. Enumerable.Range(0, SharedParts.PartsHere + 3).Select(_ => shared.ComputeAsync("{}", Compute, Adopt, default))];
        PartOrder good = await TakeAsync(run), bad = await TakeAsync(run);
        await other.FinishAsync(good, Output, default);
        await other.FinishAsync(bad, [], default);
        busy.SetResult();
        await Task.WhenAll(parts).WaitAsync(Long);

        Assert.Equal((SharedParts.PartsHere + 2, 2), (here, adopted));
        Assert.Equal("Other nodes have computed 1 of 7 parts.", shared.Summary);
    }

    [Fact]
    public async Task A_part_for_which_all_others_wait_is_taken_back_when_it_takes_longer_than_one_here()
    {
        JobRun run = await RunAsync();
        var busy = new TaskCompletionSource();
        await using var shared = new SharedParts(leader, run);
        Task[] first = [.. Enumerable.Range(0, SharedParts.PartsHere).Select(_ => shared.ComputeAsync("{}", () => busy.Task, _ => true, default))];
        bool isHere = false;
        Task part = shared.ComputeAsync("{}", () => Task.FromResult(isHere = true), _ => true, default);
        PartOrder slow = await TakeAsync(run);
        Task keeping = KeepAsync(slow);
        await Task.Delay(300);

        // From now on the part is the head of the line, and this node has nothing else to do; parts took it 0.3 s and some.
        busy.SetResult();
        await Task.WhenAll(first);
        var clock = Stopwatch.StartNew();
        await part.WaitAsync(Long);

        Assert.True(isHere);
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(15));
        await keeping.WaitAsync(Long);
        Assert.False(await other.FinishAsync(slow, Output, default));
    }

    [Fact]
    public async Task A_part_is_taken_back_when_patience_is_over_whatever_else_there_is_to_do()
    {
        JobRun run = await RunAsync();
        TaskCompletionSource[] busy = [.. Enumerable.Range(0, SharedParts.PartsHere + 1).Select(_ => new TaskCompletionSource())];
        await using var shared = new SharedParts(leader, run) { LongestPatience = TimeSpan.FromSeconds(1) };
        List<Task> parts = [.. busy[..^1].Select(end => shared.ComputeAsync("{}", () => end.Task, _ => true, default))];
        Task part = shared.ComputeAsync("{}", () => Task.CompletedTask, _ => true, default);
        PartOrder slow = await TakeAsync(run);
        parts.Add(shared.ComputeAsync("{}", () => busy[^1].Task, _ => true, default));

        // Its turn comes, and all places are taken again behind it.
        var clock = Stopwatch.StartNew();
        busy[0].SetResult();
        await KeepAsync(slow).WaitAsync(Long);

        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(900), TimeSpan.FromSeconds(15));
        Assert.False(part.IsCompleted);
        Array.ForEach(busy[1..], end => end.SetResult());
        await Task.WhenAll([part, .. parts]).WaitAsync(Long);
    }

    [Fact]
    public async Task Parts_that_have_begun_have_ended_when_nobody_wants_any_more()
    {
        JobRun run = await RunAsync();
        using var ending = new CancellationTokenSource();
        var shared = new SharedParts(leader, run);
        Task[] parts = [.. Enumerable.Range(0, SharedParts.PartsHere + 3)
            .Select(_ => shared.ComputeAsync("{}", () => Task.Delay(Timeout.Infinite, ending.Token), _ => true, ending.Token))];
        await TakeAsync(run);
        Task disposing = shared.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);

        await ending.CancelAsync();

        await disposing.WaitAsync(Long);
        Assert.All(parts, part => Assert.True(part.IsCanceled));
    }

    [Fact]
    public void A_job_is_left_alone_for_longer_and_longer_until_a_part_of_it_is_of_use()
    {
        var clock = new HandClock();
        var left = new JobsLeftAlone(clock);
        var job = new PartJob(1, 1, "import", "{}", null);
        var pauses = new List<double>();
        for (int n = 0; n < 7; n++)
        {
            left.Pause(job);
            left.Pause(job); // Of another part, which was taken before.
            pauses.Add(left.LeftOf(job).TotalSeconds);
            left.Forgive(job); // Likewise.
            clock.Now += left.LeftOf(job);
            Assert.Equal(TimeSpan.Zero, left.LeftOf(job));
        }

        Assert.Equal("2 4 8 16 32 60 60", string.Join(' ', pauses));
        left.Forgive(job);
        left.Pause(job);
        Assert.Equal(2, left.LeftOf(job).TotalSeconds);

        left.Refuse(job);
        left.Forgive(job);
        Assert.Equal(TimeSpan.MaxValue, left.LeftOf(job));
        Assert.Equal(TimeSpan.Zero, left.LeftOf(job with { Fence = 2 }));
        left.Keep([(1, 1)]);
        Assert.Equal(1, Assert.Single(left.Ids));
        left.Keep([(1, 2)]);
        Assert.Empty(left.Ids);
    }

    private Task<byte[]?> ResultAsync(JobRun run, long number) => leader.ResultAsync(run, number, waited => waited > Long, default);

    private Task<PartOrder> TakeAsync(JobRun run) =>
        Eventually.BecomesAsync(async () => (await other.TakeAsync(JobOf(run), default))!, part => part is not null);

    /// <summary>Renews the lease of a part as a node does that is alive; ends when the part was taken back.</summary>
    private async Task KeepAsync(PartOrder part)
    {
        while (await other.RenewAsync(part, default))
        {
            await Task.Delay(100);
        }
    }

    private Task<long> CountAsync(JobRun run) => fixture.Database.ReadAsync<long>($"SELECT count(*) FROM job_parts WHERE job_id = {run.Id}");

    private static PartJob JobOf(JobRun run) => new(run.Id, run.Fence, run.Kind, run.Request, run.CollectionId);

    private static PartBoard Board(PostgresService fixture) => new(
        fixture.Service.Services.GetRequiredService<Database>(), fixture.Service.Services.GetRequiredService<EngineOptions>());

    /// <summary>A job that runs, in a lane of its own.</summary>
    private async Task<JobRun> RunAsync()
    {
        string lane = $"lane-{Guid.NewGuid():n}";
        await fixture.Service.Services.GetRequiredService<JobQueue>().EnqueueAsync(
            new NewJob(CountingJob.Name, lane, JsonSerializer.Serialize(new CountingJob.Order(1), JobJson.Options), null), [], default);
        return (await fixture.Service.Services.GetRequiredService<JobClaims>().ClaimAsync(lane, Kinds, default))!;
    }

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
