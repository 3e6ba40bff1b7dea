using System.Data.Common;
using System.Text.Json;
using Dpfah.Api.Jobs;
using Dpfah.Engine;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>Workers that stop, freeze, are killed and come back.</summary>
public abstract class WorkerTests
{
    private static readonly Dictionary<string, string?> ShortLease = new() { ["Dpfah__JobLease"] = "00:00:02" };

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_worker_that_was_frozen_past_its_lease_writes_nothing_while_another_finishes_its_job()
    {
        const int Steps = 150;
        using TestDatabase database = await CreateDatabaseAsync();
        await using ServiceProcess frozen = HostProcess.Start(database, ShortLease);
        await frozen.WaitUntilReadyAsync();
        await database.ExecuteAsync(Insert(new CountingJob.Order(Steps, PauseMs: 30)));
        using (var client = new ApiClient(frozen.BaseAddress))
        {
            await Eventually.BecomesAsync(() => client.JobAsync(1), job => job.Counts.Accepted > 5);
        }

        await FreezeOutsideOfATransactionAsync(frozen, database);
        long fence = await database.ReadAsync<long>("SELECT fence FROM jobs");
        await using ServiceProcess other = HostProcess.Start(database, ShortLease);
        await other.WaitUntilReadyAsync();
        using var watcher = new ApiClient(other.BaseAddress);

        // A claim raises the fence.
        await Eventually.BecomesAsync(() => database.ReadAsync<long>("SELECT fence FROM jobs"), now => now > fence);
        frozen.Continue();

        JobResponse job = await watcher.EndOfJobAsync(1);

        Assert.Equal(JobState.Succeeded, job.State);
        Assert.Equal(new JobCounts(Steps, Steps - (Steps / 3), 0, Steps / 3), job.Counts);
        SentEvent[] events = SentEvent.Read((await watcher.GetAsync("/jobs/1/events")).Text);
        JsonElement[] steps = [.. events.Where(e => e.Kind == "metric").Select(e => e.Data)];
        Assert.Equal(Enumerable.Range(1, Steps), steps.Select(step => step.GetProperty("step").GetInt32()));

        // From the moment when the other took the job, every step is the other's.
        int[] workers = [.. steps.Select(step => step.GetProperty("worker").GetInt32())];
        int first = Array.IndexOf(workers, other.Id);
        Assert.InRange(first, 6, Steps - 1);
        Assert.All(workers[..first], worker => Assert.Equal(frozen.Id, worker));
        Assert.All(workers[first..], worker => Assert.Equal(other.Id, worker));
        await frozen.WaitForLineAsync("another worker's by now");
    }

    [Fact]
    public async Task A_killed_worker_is_followed_by_another_that_goes_on_from_the_checkpoint()
    {
        const int Steps = 200;
        using TestDatabase database = await CreateDatabaseAsync();
        var workers = new HashSet<int>();
        for (int kill = 0; kill < 4; kill++)
        {
            await using ServiceProcess service = HostProcess.Start(database, ShortLease);
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            if (kill == 0)
            {
                await database.ExecuteAsync(Insert(new CountingJob.Order(Steps, PauseMs: 10)));
            }

            long before = (await client.JobAsync(1)).Counts.Accepted;
            await Eventually.BecomesAsync(() => client.JobAsync(1), job => job.Counts.Accepted > before + 3);
            workers.Add(service.Id);
            await service.KillAsync();
        }

        await using ServiceProcess last = HostProcess.Start(database, ShortLease);
        await last.WaitUntilReadyAsync();
        using var reader = new ApiClient(last.BaseAddress);
        JobResponse done = await reader.EndOfJobAsync(1);

        Assert.Equal((JobState.Succeeded, Steps, 4), (done.State, (int)done.Counts.Accepted, workers.Count));
        SentEvent[] events = SentEvent.Read((await reader.GetAsync("/jobs/1/events")).Text);
        Assert.Equal(
            Enumerable.Range(1, Steps), events.Where(e => e.Kind == "metric").Select(e => e.Data.GetProperty("step").GetInt32()));
    }

    [Fact]
    public async Task A_service_that_stops_puts_its_jobs_back_and_the_next_one_goes_on_at_once()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        JobRecord queued;
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            queued = await first.CountAsync(new CountingJob.Order(300, PauseMs: 10));
            await Eventually.BecomesAsync(() => first.Client.JobAsync(queued.Id), job => job.Counts.Accepted > 3);
        }

        Assert.Equal((int)JobState.Queued, await database.ReadAsync<int>("SELECT state FROM jobs"));
        await using RunningService second = await RunningService.StartAsync(database);

        // Long before a lease of 30 s would have been over.
        JobResponse job = await second.Client.EndOfJobAsync(queued.Id);

        Assert.Equal((JobState.Succeeded, 300L, 1), (job.State, job.Counts.Accepted, job.Attempts));
    }

    [Fact]
    public async Task Two_services_never_run_the_same_job()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService one = await RunningService.StartAsync(database), other = await RunningService.StartAsync(database);
        JobRecord[] queued = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? one : other).CountAsync(new CountingJob.Order(5))));

        foreach (JobRecord record in queued)
        {
            JobResponse job = await one.Client.EndOfJobAsync(record.Id);
            Assert.Equal((JobState.Succeeded, 5L), (job.State, job.Counts.Accepted));
            SentEvent[] events = SentEvent.Read((await one.Client.GetAsync($"/jobs/{record.Id}/events")).Text);
            Assert.Single(events, e => e.Kind == "state" && e.Data.GetProperty("state").GetString() == "running");
        }
    }

    [Fact]
    public async Task A_write_under_an_old_fence_keeps_nothing()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        JobClaims claims = service.Services.GetRequiredService<JobClaims>();

        // A lane that no worker of the service looks at.
        await service.CountAsync(new CountingJob.Order(1), "by hand");
        JobRun run = (await claims.ClaimAsync("by hand", [CountingJob.Name], CancellationToken.None))!;
        Assert.Null(await claims.ClaimAsync("by hand", [CountingJob.Name], CancellationToken.None));
        await database.ExecuteAsync("UPDATE jobs SET lease_until_ms = 0");
        JobRun later = (await claims.ClaimAsync("by hand", [CountingJob.Name], CancellationToken.None))!;

        await Assert.ThrowsAsync<FencedException>(() => run.WriteAsync(
            async (context, progress, token) =>
            {
                progress.Count(1, 1);
                return await context.Collections.ExecuteUpdateAsync(set => set.SetProperty(c => c.Name, "changed"), token);
            },
            CancellationToken.None));

        Assert.Equal("default", await database.ReadAsync<string>("SELECT name FROM collections"));
        Assert.Equal((false, false), await claims.RenewAsync(run, CancellationToken.None));
        Assert.Equal((true, false), await claims.RenewAsync(later, CancellationToken.None));
        await Assert.ThrowsAsync<FencedException>(() => claims.FinishAsync(run, JobState.Succeeded, null, null));
        await claims.FinishAsync(later, JobState.Succeeded, null, null);
        Assert.Equal(0, await database.ReadAsync<int>("SELECT accepted FROM jobs"));
    }

    [Fact]
    public async Task A_process_that_runs_one_job_only_takes_no_other()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        JobClaims claims = service.Services.GetRequiredService<JobClaims>();
        EngineOptions options = service.Services.GetRequiredService<EngineOptions>();
        JobRecord other = await service.CountAsync(new CountingJob.Order(1), "by hand");
        JobRecord own = await service.CountAsync(new CountingJob.Order(1), "by hand");

        Assert.Null(await ClaimAsync(0));
        Assert.Equal(own.Id, (await ClaimAsync(own.Id))!.Id);
        Assert.Null(await ClaimAsync(own.Id));
        Assert.Equal(other.Id, (await ClaimAsync(null))!.Id);

        Task<JobRun?> ClaimAsync(long? only)
        {
            options.OnlyJob = only;
            return claims.ClaimAsync("by hand", [CountingJob.Name], CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_job_whose_worker_is_lost_three_times_without_progress_is_given_up()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        JobClaims claims = service.Services.GetRequiredService<JobClaims>();
        JobRecord queued = await service.CountAsync(new CountingJob.Order(1), "by hand");
        for (int claim = 0; claim < JobClaims.MaxAttempts; claim++)
        {
            Assert.NotNull(await claims.ClaimAsync("by hand", [CountingJob.Name], CancellationToken.None));
            await database.ExecuteAsync("UPDATE jobs SET lease_until_ms = 0");
        }

        Assert.Null(await claims.ClaimAsync("by hand", [CountingJob.Name], CancellationToken.None));

        JobResponse job = await service.Client.JobAsync(queued.Id);
        Assert.Equal(JobState.Failed, job.State);
        Assert.Contains("lost 3 times", job.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_jobs_are_forgotten_with_all_that_belongs_to_them()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        JobRecord old = await service.CountAsync(new CountingJob.Order(1600)), young = await service.CountAsync(new CountingJob.Order(3));
        await service.Client.EndOfJobAsync(old.Id);
        await service.Client.EndOfJobAsync(young.Id);
        await database.ExecuteAsync($"UPDATE jobs SET finished_at = '2020-01-01 00:00:00' WHERE id = {old.Id}");

        await service.Services.GetRequiredService<JobCleaning>().RunAsync(CancellationToken.None);

        Assert.Equal(young.Id, await database.ReadAsync<long>("SELECT id FROM jobs"));
        Assert.Equal(0, await database.ReadAsync<long>($"SELECT count(*) FROM job_events WHERE job_id = {old.Id}"));
        Assert.Equal(1, await database.ReadAsync<long>("SELECT count(*) FROM job_rejections"));
    }

    /// <summary>A process that is frozen with the write lock of a SQLite file keeps all others out for as long as it is frozen.</summary>
    private static async Task FreezeOutsideOfATransactionAsync(ServiceProcess service, TestDatabase database)
    {
        while (true)
        {
            service.Pause();
            await Task.Delay(20);
            try
            {
                // Shorter than the lease: a worker that is frozen for a moment keeps its job.
                await using DbConnection connection = await database.OpenAsync();
                await using DbCommand command = connection.CreateCommand();
                (command.CommandText, command.CommandTimeout) = ("UPDATE jobs SET total = total", 1);
                await command.ExecuteNonQueryAsync();
                return;
            }
            catch (DbException)
            {
                service.Continue();
                await Task.Delay(20);
            }
        }
    }

    private static string Insert(CountingJob.Order order) =>
        "INSERT INTO jobs (kind, lane, state, request, created_at, not_before_ms, lease_until_ms, fence, attempts, cancel_requested, writes, accepted, indexed, "
        + "unchanged, rejected, event_seq) VALUES "
        + $"('{CountingJob.Name}', '{JobLanes.General}', 1, '{JsonSerializer.Serialize(order, JobJson.Options)}', '2026-01-01 00:00:00', 0, 0, 0, 0, false, 0, 0, 0, 0, 0, 0)";
}

public sealed class WorkerTests_Postgres(PostgresServer server) : WorkerTests
{
    protected override async Task<TestDatabase> CreateDatabaseAsync() => await PostgresTestDatabase.CreateAsync(server);
}

public sealed class WorkerTests_Sqlite : WorkerTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
