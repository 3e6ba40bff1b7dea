using System.Diagnostics.Metrics;
using Dpfah.Engine.Data;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Computes parts of jobs that other nodes run, as long as this node runs no such job itself.</summary>
internal sealed partial class PartWorker(
    Database database,
    PartBoard board,
    IEnumerable<IPartHandler> handlers,
    JobLoad load,
    EngineOptions options,
    ServiceState state,
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
        "dpfah.job.parts", "{part}", "Parts that this node has computed of jobs that other nodes run, by kind.");

    private readonly Dictionary<string, IPartHandler> handlers = handlers.ToDictionary(h => h.Kind, StringComparer.Ordinal);
    private readonly HashSet<long> refused = [];

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
                    if (load.RunsHere(JobLanes.Encoding) == 0 && await board.TakeAsync(kinds, null, [.. refused], stoppingToken) is { } part)
                    {
                        await HelpAsync(part, stoppingToken);
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

    /// <summary>Computes parts of one job until none is offered for a while.</summary>
    private async Task HelpAsync(PartOrder first, CancellationToken stoppingToken)
    {
        LogBegun(first.Kind, first.JobId);
        int done = 0;
        var running = new List<Task>();
        try
        {
            await using IPartReader reader = handlers[first.Kind].Begin(first);
            try
            {
                for (PartOrder? part = first; part is not null; part = await NextAsync(first, stoppingToken))
                {
                    running.Add(await BeginAsync(reader, part, () => Interlocked.Increment(ref done), stoppingToken));
                    while (running.RemoveAll(task => task.IsCompleted) >= 0 && running.Count >= PartsAtOnce)
                    {
                        await Task.WhenAny(running);
                    }
                }
            }
            finally
            {
                await Task.WhenAll(running);
            }
        }
        catch (CannotHelpException error)
        {
            refused.Add(first.JobId);
            LogRefused(first.Kind, first.JobId, error.Message);
        }
        finally
        {
            LogEnded(first.Kind, first.JobId, done);
        }
    }

    private async Task<PartOrder?> NextAsync(PartOrder first, CancellationToken stoppingToken)
    {
        for (TimeSpan waited = TimeSpan.Zero; waited < Patience && load.RunsHere(JobLanes.Encoding) == 0; waited += LookAgainEvery)
        {
            if (await board.TakeAsync([first.Kind], first.JobId, [], stoppingToken) is { } part)
            {
                return part;
            }

            await Task.Delay(LookAgainEvery, stoppingToken);
        }

        return null;
    }

    /// <summary>Reads what a part needs, and begins to compute it.</summary>
    /// <returns>Ends with the part, and never fails.</returns>
    private async Task<Task> BeginAsync(IPartReader reader, PartOrder part, Action done, CancellationToken stoppingToken)
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task keeping = KeepAsync(part, ending);
        try
        {
            Func<Task<byte[]>> compute = await reader.ReadAsync(part, ending.Token);
            return Task.Run(() => ComputeAsync(part, compute, done, keeping, ending), CancellationToken.None);
        }
        catch
        {
            await EndAsync(part, keeping, ending, giveUp: true);
            throw;
        }
    }

    private async Task ComputeAsync(PartOrder part, Func<Task<byte[]>> compute, Action done, Task keeping, CancellationTokenSource ending)
    {
        bool giveUp = true;
        try
        {
            byte[] output = await compute();
            await board.FinishAsync(part, output, ending.Token);
            giveUp = false;
            done();
            Computed.Add(1, new KeyValuePair<string, object?>("kind", part.Kind));
        }
        catch (Exception error)
        {
            if (!ending.IsCancellationRequested)
            {
                LogPartFailed(part.Number, part.Kind, part.JobId, error.GetBaseException().Message);
            }
        }
        finally
        {
            await EndAsync(part, keeping, ending, giveUp);
        }
    }

    private async Task EndAsync(PartOrder part, Task keeping, CancellationTokenSource ending, bool giveUp)
    {
        await ending.CancelAsync();
        await keeping;
        ending.Dispose();
        if (giveUp)
        {
            try
            {
                await board.GiveUpAsync(part, CancellationToken.None);
            }
            catch (Exception error)
            {
                // Its lease runs out.
                LogFailed(error.GetBaseException().Message);
            }
        }
    }

    /// <summary>Renews the lease of a part, and ends its computing when nobody waits for it any more.</summary>
    private async Task KeepAsync(PartOrder part, CancellationTokenSource ending)
    {
        CancellationToken token = ending.Token;
        TimeSpan every = TimeSpan.FromTicks(Math.Min(RenewEvery.Ticks, board.Lease.Ticks / 4));
        try
        {
            while (true)
            {
                await Task.Delay(every, token);
                if (!await board.RenewAsync(part, token))
                {
                    await ending.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The part has ended.
        }
        catch (Exception error)
        {
            LogFailed(error.GetBaseException().Message);
            await ending.CancelAsync();
        }
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
}
