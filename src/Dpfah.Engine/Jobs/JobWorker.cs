using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dpfah.Engine.Data;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Jobs;

/// <summary>Runs jobs of all kinds: takes what waits, as many at once as their lanes allow, and keeps the leases.</summary>
internal sealed partial class JobWorker(
    Database database,
    JobClaims claims,
    JobSignal signal,
    IEnumerable<IJobHandler> handlers,
    JobLoad load,
    EngineOptions options,
    ServiceState state,
    ILogger<JobWorker> logger) : BackgroundService
{
    private static readonly TimeSpan FinishRetry = TimeSpan.FromSeconds(2);
    private static readonly Func<ILogger, string, long, string?, IDisposable?> Scope =
        LoggerMessage.DefineScope<string, long, string?>("Job {JobKind} {JobId} of collection {Collection}");

    private static readonly Counter<long> Ended = EngineTelemetry.Meter.CreateCounter<long>(
        "dpfah.jobs.ended", "{job}", "Jobs that ended on this node, by kind and by what became of them.");

    private readonly Dictionary<string, IJobHandler> handlers = handlers.ToDictionary(h => h.Kind, StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.WaitUntilStartedAsync(stoppingToken);
            (string Lane, int Limit)[] lanes =
            [
                (JobLanes.Encoding, options.EncodingJobs), (JobLanes.Training, 1), (JobLanes.General, options.GeneralJobs),
            ];
            await Task.WhenAll([ListenAsync(stoppingToken), .. lanes.Select(lane => RunLaneAsync(lane.Lane, lane.Limit, stoppingToken))]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Jobs that ran were put back.
        }
    }

    private async Task RunLaneAsync(string lane, int limit, CancellationToken stoppingToken)
    {
        string[] kinds = [.. handlers.Keys.Where(kind => options.JobKinds?.Contains(kind) ?? true)];
        var running = new List<Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            Task wake = signal.Next;
            try
            {
                while (running.Count < limit && await claims.ClaimAsync(lane, kinds, stoppingToken) is { } run)
                {
                    // A handler may compute before it first waits.
                    running.Add(Task.Run(() => RunAsync(run, lane, stoppingToken), CancellationToken.None));
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                LogClaimFailed(error.GetBaseException().Message);
            }

            await Task.WhenAny([Task.Delay(options.JobPollInterval, stoppingToken), .. running.Count < limit ? [wake] : Array.Empty<Task>(), .. running]);
            running.RemoveAll(task => task.IsCompleted);
        }

        await Task.WhenAll(running);
    }

    private async Task RunAsync(JobRun run, string lane, CancellationToken stoppingToken)
    {
        using IDisposable counted = load.Begin(lane);
        using IDisposable? scope = Scope(logger, run.Kind, run.Id, run.CollectionName);
        using Activity? activity = EngineTelemetry.Source.StartActivity($"job {run.Kind}");
        activity?.SetTag("dpfah.job.id", run.Id);
        LogStarted(run.Kind, run.Id, run.Attempt);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var renewing = new CancellationTokenSource();
        var lease = new Lease(claims, run, options.JobLease);
        Task keeping = lease.KeepAsync(ending, renewing.Token);
        Func<Task>? finish;
        try
        {
            string? result = await handlers[run.Kind].RunAsync(run, ending.Token);
            finish = () => EndAsync(run, JobState.Succeeded, result, null);
        }
        catch (FencedException)
        {
            finish = null;
        }
        catch (Exception) when (lease.IsLost)
        {
            finish = null;
        }
        catch (Exception) when (lease.CancelRequested)
        {
            finish = () => EndAsync(run, JobState.Cancelled, null, null);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            finish = () => claims.ReleaseAsync(run, TimeSpan.Zero, null);
        }
        catch (JobFailedException error)
        {
            LogFailed(run.Kind, run.Id, error.Message);
            finish = () => EndAsync(run, JobState.Failed, null, error.Message);
        }
        catch (Exception error)
        {
            string reason = FailureText.Of(error);
            LogAttemptFailed(error, run.Kind, run.Id, run.Attempt, reason);
            finish = run.Attempt >= JobClaims.MaxAttempts || FailureText.IsFinal(error)
                ? () => EndAsync(run, JobState.Failed, null, reason)
                : () => claims.ReleaseAsync(run, TimeSpan.FromSeconds(run.Attempt), reason);
        }

        await renewing.CancelAsync();
        await keeping;
        await FinishAsync(run, finish);
    }

    private async Task EndAsync(JobRun run, JobState state, string? result, string? error)
    {
        await claims.FinishAsync(run, state, result, error);
        Ended.Add(1, new("kind", run.Kind), new("state", state.ToString().ToLowerInvariant()));
    }

    private async Task FinishAsync(JobRun run, Func<Task>? finish)
    {
        // The database may be away or full: as long as nobody else has taken the job, its end is tried again.
        long start = Stopwatch.GetTimestamp();
        while (finish is not null)
        {
            try
            {
                await finish();
                LogEnded(run.Kind, run.Id);
                return;
            }
            catch (FencedException)
            {
                break;
            }
            catch (Exception error) when (Stopwatch.GetElapsedTime(start) < options.JobLease)
            {
                LogFinishFailed(run.Kind, run.Id, error.GetBaseException().Message);
                await Task.Delay(FinishRetry);
            }
            catch (Exception error)
            {
                // The lease is over: whoever takes it next goes on from its checkpoint.
                LogFinishFailed(run.Kind, run.Id, error.GetBaseException().Message);
                return;
            }
        }

        LogLost(run.Kind, run.Id);
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await database.ListenForJobsAsync(signal.Raise, stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Polling finds all the same.
                await Task.Delay(options.JobPollInterval, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Kind} {Id} begins, attempt {Attempt}")]
    private partial void LogStarted(string kind, long id, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Kind} {Id} has ended here")]
    private partial void LogEnded(string kind, long id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Kind} {Id} failed: {Reason}")]
    private partial void LogFailed(string kind, long id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} of job {Kind} {Id} failed: {Reason}")]
    private partial void LogAttemptFailed(Exception error, string kind, long id, int attempt, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Kind} {Id} is another worker's by now; nothing more is written here")]
    private partial void LogLost(string kind, long id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of job {Kind} {Id} cannot be written: {Reason}")]
    private partial void LogFinishFailed(string kind, long id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs cannot be claimed, trying again: {Reason}")]
    private partial void LogClaimFailed(string reason);
}
