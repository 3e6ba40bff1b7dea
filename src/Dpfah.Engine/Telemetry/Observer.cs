using System.Collections.Frozen;
using System.Diagnostics;
using Dpfah.Engine.Data;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Telemetry;

/// <summary>Looks from time to time at what no request tells: the jobs of the database, and how well the codes find.</summary>
internal sealed partial class Observer(
    Database database, IndexFollower follower, ServiceState state, EngineOptions options, TimeProvider clock, ILogger<Observer> logger) : BackgroundService
{
    private static readonly TimeSpan MostInterval = TimeSpan.FromSeconds(15);

    // By collection, with what was measured.
    private readonly Dictionary<string, (int Generation, long Digest, LiveRetrieval? Found)> measured = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<JobCount> jobs = [];
    private volatile FrozenDictionary<string, LiveRetrieval> retrieval = FrozenDictionary<string, LiveRetrieval>.Empty;

    /// <summary>Jobs that the database knows, as they were a short time ago.</summary>
    public IReadOnlyList<JobCount> Jobs => jobs;

    /// <summary>How well collections find, by name; those without labels are not in it.</summary>
    public FrozenDictionary<string, LiveRetrieval> Retrieval => retrieval;

    /// <summary>The collections that have series of their own: the oldest, so that a series does not come and go.</summary>
    public IEnumerable<CollectionIndex> Shown => follower.Collections.Values.OrderBy(c => c.CollectionId).Take(options.ObservedCollections);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.WaitUntilStartedAsync(stoppingToken);
            TimeSpan interval = options.QualityEvery > TimeSpan.Zero && options.QualityEvery < MostInterval ? options.QualityEvery : MostInterval;
            using var timer = new PeriodicTimer(interval, clock);
            long measuredAt = 0;
            do
            {
                await CountJobsAsync(stoppingToken);
                if (options.QualityEvery > TimeSpan.Zero && (measuredAt == 0 || Stopwatch.GetElapsedTime(measuredAt) >= options.QualityEvery))
                {
                    measuredAt = Stopwatch.GetTimestamp();
                    await MeasureAsync(stoppingToken);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task CountJobsAsync(CancellationToken cancellationToken)
    {
        try
        {
            jobs = await database.ReadAsync(
                (context, token) => context.Jobs.GroupBy(j => new { j.Kind, j.State })
                    .Select(g => new JobCount(g.Key.Kind, g.Key.State, g.Count())).ToListAsync(token),
                cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogFailed(error.GetBaseException().Message);
        }
    }

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => MeasureAll(cancellationToken), cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Nobody's search depends on it: the service goes on, and the figures stay those of the last time.
            LogNotMeasured(error);
        }
    }

    /// <summary>Measures the collections that have changed since they were measured.</summary>
    private void MeasureAll(CancellationToken cancellationToken)
    {
        CollectionIndex[] shown = [.. Shown.Where(collection => collection.Layout is null)];
        foreach (CollectionIndex collection in shown)
        {
            (int Generation, long Digest) now = (collection.Generation.Id, collection.Digest);
            if (!measured.TryGetValue(collection.Name, out var last) || (last.Generation, last.Digest) != now)
            {
                measured[collection.Name] = (now.Generation, now.Digest, LiveRetrieval.Measure(collection.Snapshot, cancellationToken));
            }
        }

        foreach (string gone in measured.Keys.Except(shown.Select(c => c.Name)).ToList())
        {
            measured.Remove(gone);
        }

        retrieval = measured.Where(pair => pair.Value.Found is not null)
            .ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Found!, StringComparer.Ordinal);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The jobs cannot be counted at the moment: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The quality of the collections could not be measured.")]
    private partial void LogNotMeasured(Exception error);
}

/// <summary>How many jobs there are.</summary>
/// <param name="Kind">Their kind.</param>
/// <param name="State">Their state.</param>
/// <param name="Count">How many.</param>
internal sealed record JobCount(string Kind, JobState State, int Count);
