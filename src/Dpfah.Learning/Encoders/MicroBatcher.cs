using System.Collections.Concurrent;
using System.Diagnostics;
using Dpfah.Core.Imaging;

namespace Dpfah.Learning.Encoders;

/// <summary>Gathers requests of many callers into batches for one thread that owns a device.</summary>
/// <remarks>
/// <para>Two stages, so that preparing (decoding, resizing) overlaps the network: requests, read by as many prepare loops as there are
/// cores, and at most one batch of prepared ones, read by the batcher's thread. What is prepared stays small that way; the queue holds
/// requests as they came.</para>
/// <para>Queries and background requests have a lane each. In both stages queries go first, and they share no batch with background
/// requests. A query that comes waits at most for the batch that runs: so that this is short, background requests go one at a time
/// as long as queries keep coming.</para>
/// <para>Work that is no batch is done alone, when no query waits or is on its way; it goes before background requests, as somebody waits
/// for it.</para>
/// </remarks>
internal sealed class MicroBatcher<TRequest, TPrepared, TResult> : IAsyncDisposable
{
    /// <summary>How long after a query background requests go one at a time.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(1);

    /// <summary>How much other work may wait.</summary>
    private const int MostAlone = 32;

    private readonly IBatchWorker<TRequest, TPrepared, TResult> worker;
    private readonly BatchingOptions options;
    private readonly RequestLane<TRequest, TPrepared, TResult> queries = new("query");
    private readonly RequestLane<TRequest, TPrepared, TResult> background = new("background");
    private readonly ConcurrentQueue<LoneWork> alone = new();
    private readonly SemaphoreSlim accepted = new(0); // one count a request in a lane's Waiting
    private readonly SemaphoreSlim preparedPlaces;
    private readonly SemaphoreSlim backgroundPlaces;
    private readonly AutoResetEvent arrived = new(false);
    private readonly Lock gate = new();
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string name;
    private readonly int loops = Environment.ProcessorCount;
    private double secondsPerRequest;
    private double secondsAlone;
    private long lastQuery;
    private volatile bool stopping;
    private volatile bool allPrepared;

    /// <summary>Starts the thread and waits until the worker has started on it.</summary>
    /// <param name="worker">Does the work; owned by the batcher from here on.</param>
    /// <param name="options">Queue and batch sizes.</param>
    /// <param name="name">Name of the thread.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public MicroBatcher(IBatchWorker<TRequest, TPrepared, TResult> worker, BatchingOptions options, string name)
    {
        options.ThrowIfInvalid();
        this.worker = worker;
        this.options = options;
        this.name = name;
        preparedPlaces = new SemaphoreSlim(options.BatchSize);

        // A batch that runs and one that is prepared; the rest waits with its callers, as bytes of theirs.
        backgroundPlaces = new SemaphoreSlim(2 * options.BatchSize);
        lastQuery = Stopwatch.GetTimestamp() - (long)(QuietTime.TotalSeconds * Stopwatch.Frequency);
        EncoderTelemetry.Refusals.Add(0); // Told from the start, not only when there was one.
        new Thread(RunBatches) { IsBackground = true, Name = name }.Start();
        started.Task.GetAwaiter().GetResult();
        _ = PrepareAllAsync(Enumerable.Range(0, loops).Select(_ => Task.Run(PrepareAsync)));
    }

    /// <summary>Queues a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="priority">A query is turned away when the queue is full; a background request waits for its place.</param>
    /// <param name="cancellationToken">Gives up waiting; a batch that has started runs to its end.</param>
    /// <exception cref="EncoderBusyException">The queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The batcher was disposed, before or while the request waited.</exception>
    public Task<TResult> RunAsync(TRequest request, EncodePriority priority, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        return priority == EncodePriority.Query
            ? Accept(queries, request, cancellationToken)
            : RunInBackgroundAsync(request, cancellationToken);
    }

    /// <summary>Has the batcher's thread do other work than batches, such as an explanation, while no batch runs.</summary>
    /// <param name="work">What it does; must not keep the thread long, as queries that come meanwhile wait for its end.</param>
    /// <param name="cancellationToken">Gives up waiting; work that has started runs to its end.</param>
    /// <exception cref="EncoderBusyException">Too much other work waits.</exception>
    /// <exception cref="ObjectDisposedException">The batcher was disposed, before or while the work waited.</exception>
    public Task<T> RunAloneAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var pending = new LoneWork<T>(work, cancellationToken);
        lock (gate)
        {
            if (stopping)
            {
                pending.Fail(Disposed());
            }
            else if (alone.Count >= MostAlone)
            {
                EncoderTelemetry.Refusals.Add(1);
                pending.Fail(new EncoderBusyException(TimeToDrain(MostAlone, Volatile.Read(ref secondsAlone))));
            }
            else
            {
                alone.Enqueue(pending);
            }
        }

        arrived.Set();
        return pending.Task;
    }

    /// <summary>Lets the batch that runs finish, fails all that waits, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (!stopping)
            {
                stopping = true;
                accepted.Release(loops);
            }
        }

        await stopped.Task;
    }

    private async Task<TResult> RunInBackgroundAsync(TRequest request, CancellationToken cancellationToken)
    {
        await backgroundPlaces.WaitAsync(cancellationToken);
        return await Accept(background, request, cancellationToken);
    }

    private Task<TResult> Accept(RequestLane<TRequest, TPrepared, TResult> lane, TRequest request, CancellationToken cancellationToken)
    {
        var pending = new PendingRequest<TRequest, TPrepared, TResult>(request, cancellationToken);
        lock (gate)
        {
            if (stopping)
            {
                pending.Fail(Disposed());
                if (lane == background)
                {
                    // Who waits for the place hears the same.
                    backgroundPlaces.Release();
                }
            }
            else if (lane == queries && lane.Waiting.Count >= options.QueueCapacity)
            {
                EncoderTelemetry.Refusals.Add(1);
                pending.Fail(new EncoderBusyException(TimeToDrain(options.QueueCapacity, Volatile.Read(ref secondsPerRequest))));
            }
            else
            {
                lane.Enter();
                lane.Waiting.Enqueue(pending);
                accepted.Release();
            }
        }

        return pending.Task;
    }

    private async Task PrepareAllAsync(IEnumerable<Task> running)
    {
        await Task.WhenAll(running);
        allPrepared = true;
        arrived.Set();
    }

    private async Task PrepareAsync()
    {
        while (true)
        {
            await accepted.WaitAsync();
            if (queries.Waiting.TryDequeue(out PendingRequest<TRequest, TPrepared, TResult>? pending))
            {
                // A place of a background request was taken before it was accepted: it never holds a loop up.
                await preparedPlaces.WaitAsync();
                Prepare(queries, pending);
            }
            else if (background.Waiting.TryDequeue(out pending))
            {
                Prepare(background, pending);
            }
            else
            {
                return;
            }
        }
    }

    private void Prepare(RequestLane<TRequest, TPrepared, TResult> lane, PendingRequest<TRequest, TPrepared, TResult> pending)
    {
        if (stopping)
        {
            pending.Fail(Disposed());
        }

        if (!pending.IsAbandoned && TryPrepare(pending))
        {
            lane.Prepared.Enqueue(pending);
        }
        else
        {
            lane.Leave();
            ReleasePlace(lane);
        }

        arrived.Set();
    }

    private bool TryPrepare(PendingRequest<TRequest, TPrepared, TResult> pending)
    {
        try
        {
            pending.Prepared = worker.Prepare(pending.Request);
            return true;
        }
        catch (Exception error)
        {
            pending.Fail(error);
            return false;
        }
    }

    private void ReleasePlace(RequestLane<TRequest, TPrepared, TResult> lane) =>
        (lane == background ? backgroundPlaces : preparedPlaces).Release();

    private void RunBatches()
    {
        try
        {
            worker.Start();
            started.SetResult();
        }
        catch (Exception error)
        {
            worker.Dispose();
            started.SetException(error);
            return;
        }

        var batch = new List<PendingRequest<TRequest, TPrepared, TResult>>(options.BatchSize);
        while (NextBatch(batch))
        {
            Run(batch);
            batch.Clear();
        }

        try
        {
            worker.Dispose();
            stopped.SetResult();
        }
        catch (Exception error)
        {
            stopped.SetException(error);
        }
    }

    /// <summary>Waits for a first request, then takes what is there and, for a short time, what is on its way.</summary>
    /// <returns>False when the batcher stops.</returns>
    private bool NextBatch(List<PendingRequest<TRequest, TPrepared, TResult>> batch)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            bool last = allPrepared;
            if (Gather(queries, options.BatchSize, batch))
            {
                lastQuery = Stopwatch.GetTimestamp();
                return true;
            }

            TimeSpan left = options.BatchDelay - Stopwatch.GetElapsedTime(start);
            if (queries.OnTheWay > 0 && left > TimeSpan.Zero)
            {
                arrived.WaitOne(left);
                continue;
            }

            if (alone.TryDequeue(out LoneWork? work))
            {
                RunAlone(work);
                start = Stopwatch.GetTimestamp();
                continue;
            }

            bool quiet = Stopwatch.GetElapsedTime(lastQuery) > QuietTime;
            if (Gather(background, quiet ? options.BatchSize : 1, batch))
            {
                return true;
            }

            if (last)
            {
                return false;
            }

            arrived.WaitOne();
            start = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Fills a batch from a lane: with what is prepared and, for a short time, with what is on its way.</summary>
    /// <returns>Whether there is a batch to run.</returns>
    private bool Gather(
        RequestLane<TRequest, TPrepared, TResult> lane, int most, List<PendingRequest<TRequest, TPrepared, TResult>> batch)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            while (batch.Count < most && lane.Prepared.TryDequeue(out PendingRequest<TRequest, TPrepared, TResult>? pending))
            {
                lane.Leave();
                ReleasePlace(lane);
                if (!pending.IsAbandoned)
                {
                    batch.Add(pending);
                }
            }

            TimeSpan left = options.BatchDelay - Stopwatch.GetElapsedTime(start);
            if (batch.Count == 0 || batch.Count == most || lane.OnTheWay == 0 || left <= TimeSpan.Zero)
            {
                return batch.Count > 0;
            }

            arrived.WaitOne(left);
        }
    }

    private void RunAlone(LoneWork work)
    {
        if (stopping)
        {
            work.Fail(Disposed());
            return;
        }

        long start = Stopwatch.GetTimestamp();
        work.Run();
        Volatile.Write(ref secondsAlone, Smoothed(secondsAlone, Stopwatch.GetElapsedTime(start).TotalSeconds));

        // Who asked for it asks again soon: the next does not wait behind a whole batch in the background.
        lastQuery = Stopwatch.GetTimestamp();
    }

    private void Run(List<PendingRequest<TRequest, TPrepared, TResult>> batch)
    {
        if (stopping)
        {
            batch.ForEach(pending => pending.Fail(Disposed()));
            return;
        }

        try
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<TResult> results = worker.Run([.. batch.Select(pending => pending.Prepared!)]);
            double batchSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds, seconds = batchSeconds / batch.Count;
            EncoderTelemetry.BatchSize.Record(batch.Count);
            EncoderTelemetry.BatchDuration.Record(batchSeconds);
            Volatile.Write(ref secondsPerRequest, Smoothed(secondsPerRequest, seconds));
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].Complete(results[i]);
            }
        }
        catch (Exception error)
        {
            // The callers of this batch are told; the thread goes on with the next one.
            batch.ForEach(pending => pending.Fail(error));
        }
    }

    private ObjectDisposedException Disposed() => new(name);

    private static double Smoothed(double before, double seconds) => before == 0 ? seconds : (0.9 * before) + (0.1 * seconds);

    /// <summary>How long a full queue takes to be worked off, in whole seconds.</summary>
    private static TimeSpan TimeToDrain(int waiting, double secondsEach) => TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(waiting * secondsEach)));
}
