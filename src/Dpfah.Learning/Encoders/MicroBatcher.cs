using System.Diagnostics;
using System.Threading.Channels;
using Dpfah.Core.Imaging;

namespace Dpfah.Learning.Encoders;

/// <summary>Gathers requests of many callers into batches for one thread that owns a device.</summary>
/// <remarks>
/// Two stages, so that preparing (decoding, resizing) overlaps the network: a bounded channel of requests, read by as many
/// prepare loops as there are cores, and a channel of at most one batch of prepared ones, read by the batcher's thread. What is
/// prepared stays small that way; the queue holds requests as they came.
/// </remarks>
internal sealed class MicroBatcher<TRequest, TPrepared, TResult> : IAsyncDisposable
{
    private readonly IBatchWorker<TRequest, TPrepared, TResult> worker;
    private readonly BatchingOptions options;
    private readonly Channel<PendingRequest<TRequest, TPrepared, TResult>> requests;
    private readonly Channel<PendingRequest<TRequest, TPrepared, TResult>> prepared;
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string name;
    private Task<bool>? arrival;
    private int onTheWay; // accepted, and not yet seen by the batcher's thread
    private double secondsPerRequest;
    private volatile bool stopping;

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
        requests = Channel.CreateBounded<PendingRequest<TRequest, TPrepared, TResult>>(options.QueueCapacity);
        prepared = Channel.CreateBounded<PendingRequest<TRequest, TPrepared, TResult>>(options.BatchSize);
        new Thread(RunBatches) { IsBackground = true, Name = name }.Start();
        started.Task.GetAwaiter().GetResult();
        _ = PrepareAllAsync(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(PrepareAsync)));
    }

    /// <summary>Queues a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives up waiting; a batch that has started runs to its end.</param>
    /// <exception cref="EncoderBusyException">The queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The batcher was disposed, before or while the request waited.</exception>
    public Task<TResult> RunAsync(TRequest request, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        var pending = new PendingRequest<TRequest, TPrepared, TResult>(request, cancellationToken);
        Interlocked.Increment(ref onTheWay);
        if (!requests.Writer.TryWrite(pending))
        {
            Interlocked.Decrement(ref onTheWay);
            pending.Fail(stopping ? Disposed() : new EncoderBusyException(TimeToDrain()));
        }

        return pending.Task;
    }

    /// <summary>Lets the batch that runs finish, fails all that waits, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        requests.Writer.TryComplete();
        await stopped.Task;
    }

    private async Task PrepareAllAsync(IEnumerable<Task> loops)
    {
        await Task.WhenAll(loops);
        prepared.Writer.Complete();
    }

    private async Task PrepareAsync()
    {
        await foreach (PendingRequest<TRequest, TPrepared, TResult> pending in requests.Reader.ReadAllAsync())
        {
            if (stopping)
            {
                pending.Fail(Disposed());
            }
            else if (!pending.IsAbandoned && TryPrepare(pending))
            {
                await prepared.Writer.WriteAsync(pending);
                continue;
            }

            Interlocked.Decrement(ref onTheWay);
        }
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
    /// <returns>False when the batcher stops. The batch is empty when all its callers have given up.</returns>
    private bool NextBatch(List<PendingRequest<TRequest, TPrepared, TResult>> batch)
    {
        if (!WaitForArrival(Timeout.InfiniteTimeSpan))
        {
            return false;
        }

        long start = Stopwatch.GetTimestamp();
        TimeSpan left;
        do
        {
            while (batch.Count < options.BatchSize && prepared.Reader.TryRead(out var pending))
            {
                Interlocked.Decrement(ref onTheWay);
                if (!pending.IsAbandoned)
                {
                    batch.Add(pending);
                }
            }

            left = options.BatchDelay - Stopwatch.GetElapsedTime(start);
        }
        while (batch.Count < options.BatchSize && Volatile.Read(ref onTheWay) > 0
            && left > TimeSpan.Zero && WaitForArrival(left));
        return true;
    }

    /// <returns>Whether there is something to read; false when the time is over or nothing will ever come.</returns>
    private bool WaitForArrival(TimeSpan timeout)
    {
        // A wait that timed out goes on: it is taken up again by the next call.
        arrival ??= prepared.Reader.WaitToReadAsync().AsTask();
        if (!arrival.Wait(timeout))
        {
            return false;
        }

        bool any = arrival.Result;
        arrival = null;
        return any;
    }

    private void Run(List<PendingRequest<TRequest, TPrepared, TResult>> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        if (stopping)
        {
            batch.ForEach(pending => pending.Fail(Disposed()));
            return;
        }

        try
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<TResult> results = worker.Run([.. batch.Select(pending => pending.Prepared!)]);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / batch.Count;
            Volatile.Write(ref secondsPerRequest, secondsPerRequest == 0 ? seconds : (0.9 * secondsPerRequest) + (0.1 * seconds));
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

    /// <summary>How long a full queue takes to be worked off, in whole seconds.</summary>
    private TimeSpan TimeToDrain() =>
        TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(options.QueueCapacity * Volatile.Read(ref secondsPerRequest))));
}
