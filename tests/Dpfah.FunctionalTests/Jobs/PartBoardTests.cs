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

    private readonly PartBoard leader = Board(fixture), other = Board(fixture), third = Board(fixture);

    [Fact]
    public async Task A_part_is_taken_once_and_what_came_of_it_comes_back_once()
    {
        JobRun run = await RunAsync();
        Assert.True(await leader.OfferAsync(run, 1, """{"n":1}""", default));
        Assert.True(await leader.OfferAsync(run, 2, """{"n":2}""", default));
        Assert.Null(await leader.TakeAsync(Kinds, run.Id, [], default));
        Assert.Null(await other.TakeAsync(["import"], run.Id, [], default));
        Assert.Null(await other.TakeAsync(Kinds, null, [run.Id], default));

        PartOrder first = (await other.TakeAsync(Kinds, run.Id, [], default))!;
        PartOrder second = (await third.TakeAsync(Kinds, run.Id, [], default))!;
        Assert.Null(await third.TakeAsync(Kinds, run.Id, [], default));
        Assert.Equal((1L, """{"n":1}""", run.Request), (first.Number, first.Input, first.Request));
        Assert.Equal((2L, """{"n":2}"""), (second.Number, second.Input));
        Assert.False(await leader.TakeBackAsync(run, 1, default));

        Task<byte[]?> waiting = leader.ResultAsync(run, 1, default);
        await third.FinishAsync(first, [1], default); // It is not its own.
        Assert.False(waiting.IsCompleted);
        await other.FinishAsync(first, Output, default);
        Assert.Equal(Output, await waiting);
        Assert.Null(await leader.ResultAsync(run, 1, default));
        Assert.True(await third.RenewAsync(second, default));
        Assert.False(await other.RenewAsync(first, default));
    }

    [Fact]
    public async Task A_part_that_nobody_takes_or_that_is_given_up_or_lost_is_left_to_the_node_that_runs_the_job()
    {
        JobRun run = await RunAsync();
        await leader.OfferAsync(run, 1, "{}", default);
        Assert.True(await leader.TakeBackAsync(run, 1, default));
        Assert.Null(await other.TakeAsync(Kinds, run.Id, [], default));

        await leader.OfferAsync(run, 2, "{}", default);
        PartOrder part = (await other.TakeAsync(Kinds, run.Id, [], default))!;
        Task<byte[]?> waiting = leader.ResultAsync(run, 2, default);
        await other.GiveUpAsync(part, default);
        Assert.Null(await waiting);

        await leader.OfferAsync(run, 3, "{}", default);
        part = (await other.TakeAsync(Kinds, run.Id, [], default))!;
        waiting = leader.ResultAsync(run, 3, default);
        await fixture.Database.ExecuteAsync($"UPDATE job_parts SET lease_until_ms = 0 WHERE job_id = {run.Id}");
        Assert.Null(await waiting);
        await other.FinishAsync(part, Output, default);
        Assert.Equal(0, await fixture.Database.ReadAsync<long>($"SELECT count(*) FROM job_parts WHERE job_id = {run.Id}"));
    }

    [Fact]
    public async Task Nothing_is_left_of_a_run_that_has_ended_and_nothing_is_taken_of_one_whose_end_was_asked_for()
    {
        JobRun run = await RunAsync();
        await leader.OfferAsync(run, 1, "{}", default);
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET fence = fence + 1 WHERE id = {run.Id}");
        Assert.Null(await other.TakeAsync(Kinds, run.Id, [], default));
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET fence = fence - 1, cancel_requested = true WHERE id = {run.Id}");
        Assert.Null(await other.TakeAsync(Kinds, run.Id, [], default));
        await fixture.Database.ExecuteAsync($"UPDATE jobs SET cancel_requested = false WHERE id = {run.Id}");
        PartOrder part = (await other.TakeAsync(Kinds, run.Id, [], default))!;

        await fixture.Service.Services.GetRequiredService<JobClaims>().FinishAsync(run, JobState.Succeeded, null, null);

        Assert.False(await other.RenewAsync(part, default));
        Assert.Equal(0, await fixture.Database.ReadAsync<long>($"SELECT count(*) FROM job_parts WHERE job_id = {run.Id}"));
    }

    [Fact]
    public async Task Parts_are_computed_here_unless_another_node_brings_what_is_of_use()
    {
        JobRun run = await RunAsync();
        using var shared = new SharedParts(leader, run);
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
        await Task.WhenAll(parts).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal((SharedParts.PartsHere + 2, 2), (here, adopted));
    }

    private Task<PartOrder> TakeAsync(JobRun run) =>
        Eventually.BecomesAsync(async () => (await other.TakeAsync(Kinds, run.Id, [], default))!, part => part is not null);

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
}
