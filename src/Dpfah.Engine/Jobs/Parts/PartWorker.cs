using System.Diagnostics.Metrics;
using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Computes parts of jobs that other nodes run, as long as this node runs no such job itself.</summary>
/// <remarks>
/// A job of which it cannot compute parts in the right way is refused. One whose parts fail here, or were taken back since they took too long, is
/// left alone for a while, longer each time.
/// </remarks>
internal sealed partial class PartWorker(
    Database database,
    PartBoard board,
    IEnumerable<IPartHandler> handlers,
    JobLoad load,
    EngineOptions options,
    ServiceState state,
    TimeProvider clock,
    ILogger<PartWorker> logger) : BackgroundService
{
    /// <summary>Parts at once: one is read, or brought back, while another keeps the encoder busy.</summary>
    private const int PartsAtOnce = 3;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookAgainEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(1);

    // What was read of the upload would be read again from its start.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly Counter<long> Computed = EngineTelemetry.Meter.CreateCounter<long>(
        "dpfah.job.parts", "{part}", "Parts that this node has computed in time of jobs that other nodes run, by kind.");

    private readonly Dictionary<string, IPartHandler> handlers = handlers.ToDictionary(h => h.Kind, StringComparer.Ordinal);
    private readonly JobsLeftAlone leftAlone = new(clock);

    private bool IsFree => load.RunsHere(JobLanes.Encoding) == 0;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!database.MayHaveOthers || options.OnlyJob is not null)
        {
            return;
        }

        string[] kinds = [.. handlers.Keys.Where(kind => options.JobKinds?.Contains(kind) ?? true)];
        try
        {
            await state.WaitUntilStartedAsync(stoppingToken);
            while (true)
            {
                await Task.Delay(LookEvery, stoppingToken);
                try
                {
                    if (IsFree && await FindAsync(kinds, stoppingToken) is { } job)
                    {
                        await HelpAsync(job, stoppingToken);
                    }
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(error.GetBaseException().Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Parts that were being computed were given up.
        }
    }

    private async Task<PartJob?> FindAsync(string[] kinds, CancellationToken stoppingToken)
    {
        if (leftAlone.Ids is { Length: > 0 } ids)
        {
            leftAlone.Keep(await board.RunningAsync(ids, stoppingToken));
        }

        return (await board.JobsAsync(kinds, stoppingToken)).Find(job => leftAlone.LeftOf(job) == TimeSpan.Zero);
    }

    /// <summary>Computes parts of one job until none is offered for a while.</summary>
    private async Task HelpAsync(PartJob job, CancellationToken stoppingToken)
    {
        int done = 0;
        var running = new List<Task>();
        try
        {
            await using IPartReader reader = handlers[job.Kind].Begin(job);
            if (!await OpenAsync(reader, job, stoppingToken))
            {
                return;
            }

            LogBegun(job.Kind, job.Id);
            try
            {
                while (await NextAsync(job, stoppingToken) is { } part)
                {
                    if (await BeginAsync(reader, part, () => Interlocked.Increment(ref done), stoppingToken) is { } computing)
                    {
                        running.Add(computing);
                    }

                    while (running.RemoveAll(task => task.IsCompleted) >= 0 && running.Count >= PartsAtOnce)
                    {
                        await Task.WhenAny(running);
                    }
                }
            }
            finally
            {
                await Task.WhenAll(running);
                LogEnded(job.Kind, job.Id, done);
            }
        }
        catch (Exception error) when (error is CannotHelpException or JsonException)
        {
            Refuse(job, error);
        }
        catch
        {
            // What has failed is not tried again at once: all of the job's input may have to be read for it.
            leftAlone.Pause(job);
            throw;
        }
    }

    /// <summary>Has a reader opened, as long as the job runs and this node has nothing better to do.</summary>
    /// <returns>Whether it is open.</returns>
    private async Task<bool> OpenAsync(IPartReader reader, PartJob job, CancellationToken stoppingToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task opening = reader.OpenAsync(ending.Token);
        try
        {
            while (await Task.WhenAny(opening, Task.Delay(RenewEvery, stoppingToken)) != opening)
            {
                if (!IsFree || !await board.RunsAsync(job, stoppingToken))
                {
                    return false;
                }
            }

            await opening;
            return true;
        }
        finally
        {
            await ending.CancelAsync();
            await opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The next part of a job. During a pause none is taken, but what was read of the job's input stays read.</summary>
    /// <returns>Null when none comes for a while, the job is refused or has ended, or this node has a job of its own.</returns>
    private async Task<PartOrder?> NextAsync(PartJob job, CancellationToken stoppingToken)
    {
        for (TimeSpan waited = TimeSpan.Zero; waited < Patience && IsFree;)
        {
            TimeSpan left = leftAlone.LeftOf(job);
            if (left == TimeSpan.MaxValue || (left > TimeSpan.Zero && !await board.RunsAsync(job, stoppingToken)))
            {
                return null;
            }

            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left < LookEvery ? left : LookEvery, stoppingToken);
                continue;
            }

            if (await board.TakeAsync(job, stoppingToken) is { } part)
            {
                return part;
            }

            await Task.Delay(LookAgainEvery, stoppingToken);
            waited += LookAgainEvery;
        }

        return null;
    }

    /// <summary>Reads what a part needs, and begins to compute it.</summary>
    /// <returns>Ends with the part, and never fails; null when nobody waits for the part any more, or it cannot be read any more: then it was given up.</returns>
    private async Task<Task?> BeginAsync(IPartReader reader, PartOrder part, Action done, CancellationToken stoppingToken)
    {
        var work = new Work(part, stoppingToken);
        work.Keeping = KeepAsync(work);
        try
        {
            if (await reader.ReadAsync(part, work.Token) is { } compute)
            {
                return Task.Run(() => ComputeAsync(work, compute, done), CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (work.Token.IsCancellationRequested && !stoppingToken.IsCancellationRequested)
        {
            // This part alone was taken back.
        }
        catch
        {
            await EndAsync(work, giveUp: true);
            throw;
        }

        await EndAsync(work, giveUp: true);
        return null;
    }

    private async Task ComputeAsync(Work work, Func<Task<byte[]>> compute, Action done)
    {
        PartOrder part = work.Part;
        bool giveUp = true;
        try
        {
            byte[] output = await compute();
            work.IsBrought = true;
            if (await board.FinishAsync(part, output, work.Token))
            {
                done();
                Computed.Add(1, new KeyValuePair<string, object?>("kind", part.Job.Kind));
                leftAlone.Forgive(part.Job);
            }
            else
            {
                leftAlone.Pause(part.Job);
            }

            giveUp = false;
        }
        catch (CannotHelpException error)
        {
            Refuse(part.Job, error);
        }
        catch (Exception error)
        {
            if (!work.Token.IsCancellationRequested)
            {
                leftAlone.Pause(part.Job);
                LogPartFailed(part.Number, part.Job.Kind, part.Job.Id, error.GetBaseException().Message);
            }
        }
        finally
        {
            await EndAsync(work, giveUp);
        }
    }

    private async Task EndAsync(Work work, bool giveUp)
    {
        await work.CancelAsync();
        await work.Keeping;
        work.Dispose();
        if (giveUp)
        {
            try
            {
                await board.GiveUpAsync(work.Part, CancellationToken.None);
            }
            catch (Exception error)
            {
                // Its lease runs out.
                LogFailed(error.GetBaseException().Message);
            }
        }
    }

    /// <summary>Renews the lease of a part, and ends its computing when nobody waits for it any more.</summary>
    private async Task KeepAsync(Work work)
    {
        TimeSpan every = TimeSpan.FromTicks(Math.Min(RenewEvery.Ticks, board.Lease.Ticks / 4));
        try
        {
            while (true)
            {
                await Task.Delay(every, work.Token);
                if (!await board.RenewAsync(work.Part, work.Token))
                {
                    // What was brought is not there to be renewed, and has not come too late.
                    if (!work.IsBrought)
                    {
                        leftAlone.Pause(work.Part.Job);
                        await work.CancelAsync();
                    }

                    return;
                }
            }
        }
        catch (OperationCanceledException) when (work.Token.IsCancellationRequested)
        {
            // The part has ended.
        }
        catch (Exception error)
        {
            LogFailed(error.GetBaseException().Message);
            await work.CancelAsync();
        }
    }

    private void Refuse(PartJob job, Exception error)
    {
        leftAlone.Refuse(job);
        LogRefused(job.Kind, job.Id, error.Message);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Helping with job {Kind} {Id}, which another node runs")]
    private partial void LogBegun(string kind, long id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Helped with job {Kind} {Id}: {Parts} parts")]
    private partial void LogEnded(string kind, long id, int parts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This node does not help with job {Kind} {Id}: {Reason}")]
    private partial void LogRefused(string kind, long id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Part {Part} of job {Kind} {Id} is left to the node that runs the job: {Reason}")]
    private partial void LogPartFailed(long part, string kind, long id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Parts of other nodes' jobs cannot be taken, trying again: {Reason}")]
    private partial void LogFailed(string reason);

    /// <summary>A part that this node is at.</summary>
    private sealed class Work : IDisposable
    {
        private readonly CancellationTokenSource ending;
        private volatile bool isBrought;

        public Work(PartOrder part, CancellationToken stoppingToken)
        {
            Part = part;
            ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            Token = ending.Token;
        }

        public PartOrder Part { get; }

        /// <summary>Cancelled when the part is to end.</summary>
        public CancellationToken Token { get; }

        /// <summary>Renews the lease.</summary>
        public Task Keeping { get; set; } = Task.CompletedTask;

        /// <summary>Whether what came of it is on its way.</summary>
        public bool IsBrought
        {
            get => isBrought;
            set => isBrought = value;
        }

        public Task CancelAsync() => ending.CancelAsync();

        public void Dispose() => ending.Dispose();
    }
}
