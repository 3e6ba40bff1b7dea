using System.Diagnostics;
using System.Runtime.CompilerServices;
using Dpfah.Core.Health;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Health;

/// <summary>Measures the health of collections beside the requests that ask for it, one collection at a time.</summary>
/// <remarks>A collection that changes is measured again when somebody asks, but for no more than a twentieth of the time.</remarks>
public sealed partial class HealthService : IDisposable
{
    /// <summary>How often its own duration a measurement stands at least.</summary>
    private const int Rest = 20;

    private readonly ConditionalWeakTable<CollectionIndex, Entry> entries = [];
    private readonly SemaphoreSlim single = new(1);
    private readonly CancellationTokenSource stopping = new();
    private readonly TimeProvider clock;
    private readonly ILogger<HealthService> logger;

    internal HealthService(TimeProvider clock, ILogger<HealthService> logger)
    {
        this.clock = clock;
        this.logger = logger;
    }

    /// <summary>The health of a collection as it was measured last.</summary>
    /// <param name="index">The collection.</param>
    /// <param name="patience">How long to wait for a measurement of what has changed since.</param>
    /// <param name="cancellationToken">Gives up; the measurement goes on.</param>
    /// <returns>Null when it was not measured yet, or its codes are in shards.</returns>
    public async Task<CollectionHealth?> ReadAsync(CollectionIndex index, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (index.Layout is not null)
        {
            return null;
        }

        Entry entry = entries.GetOrCreateValue(index);
        if (Refresh(index, entry) is { } running)
        {
            await Task.WhenAny(running, Task.Delay(patience, clock, cancellationToken)).WaitAsync(cancellationToken);
        }

        return entry.Known;
    }

    /// <summary>P(same label | distance) of a collection; measured now when nothing is known of it.</summary>
    /// <returns>Null when the labels say too little.</returns>
    /// <exception cref="ShardedCollectionException">Its codes are in shards.</exception>
    public async Task<SameLabelFit?> ReadSameLabelAsync(CollectionIndex index, CancellationToken cancellationToken)
    {
        index.ThrowIfSharded();
        Entry entry = entries.GetOrCreateValue(index);
        if (Refresh(index, entry) is { } running && entry.Known?.SameLabel is null)
        {
            await running.WaitAsync(cancellationToken);
        }

        return entry.Known?.SameLabel;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
    }

    /// <returns>The measurement that runs; null when there is none.</returns>
    private Task? Refresh(CollectionIndex index, Entry entry)
    {
        lock (entry)
        {
            if (entry.Running is null && !stopping.IsCancellationRequested
                && (!entry.WasMeasured || (entry.Digest != index.Digest && Stopwatch.GetElapsedTime(entry.EndedAt) >= Rest * entry.Duration)))
            {
                CancellationToken token = stopping.Token;
                entry.Running = Task.Factory.StartNew(
                    () => Measure(index, entry, token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            return entry.Running;
        }
    }

    private void Measure(CollectionIndex index, Entry entry, CancellationToken cancellationToken)
    {
        // Taken before the codes: when these are newer the next reader only measures once more.
        long digest = index.Digest, start = 0;
        CollectionHealth? measured = null;
        bool entered = false;
        try
        {
            single.Wait(cancellationToken);
            entered = true;
            start = Stopwatch.GetTimestamp();
            IndexSnapshot<IndexedItem> snapshot = index.Snapshot;
            measured = new CollectionHealth(
                CodeHealth.Of(snapshot, cancellationToken),
                SameLabelFit.Of(snapshot, static item => item.Labels, cancellationToken),
                clock.GetUtcNow().UtcDateTime);
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
        catch (Exception error)
        {
            LogFailed(index.Name, error.Message);
        }
        finally
        {
            if (entered)
            {
                single.Release();
            }

            lock (entry)
            {
                entry.Known = measured ?? entry.Known;
                (entry.WasMeasured, entry.Digest, entry.EndedAt) = (true, digest, Stopwatch.GetTimestamp());
                entry.Duration = start == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(start, entry.EndedAt);
                entry.Running = null;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The health of collection '{Collection}' could not be measured: {Reason}")]
    private partial void LogFailed(string collection, string reason);

    /// <summary>What is known of a collection; read and written under its lock, but for <see cref="Known"/>.</summary>
    private sealed class Entry
    {
        private volatile CollectionHealth? known;

        public CollectionHealth? Known { get => known; set => known = value; }

        public bool WasMeasured { get; set; }

        /// <summary>The collection's digest when it was measured.</summary>
        public long Digest { get; set; }

        public long EndedAt { get; set; }

        public TimeSpan Duration { get; set; }

        public Task? Running { get; set; }
    }
}
