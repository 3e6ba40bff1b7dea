using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Decoding;

/// <summary>Processes that decode pictures, each with a thread of this process that writes to it and reads from it.</summary>
/// <remarks>
/// A process that a picture has ended, or that took too long, is replaced at once: a pause would let others wait for whoever sends such pictures.
/// When processes do not even start, it is tried again after pauses that grow.
/// </remarks>
internal sealed partial class DecoderPool : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PauseAfterKill = TimeSpan.FromSeconds(5);

    private readonly DecoderPoolOptions options;
    private readonly Func<DecoderChild> start;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly Queue<Order> waiting = new();
    private readonly List<Worker> workers = [];

    // The last one goes first: its process was at work last, and others may rest.
    private readonly List<Worker> idle = [];

    private Exception? startFailure;
    private int startFailures;
    private long retryAt;
    private bool isDisposed;

    /// <summary>Makes a pool; no process is started yet.</summary>
    /// <param name="options">How many, and for how long.</param>
    /// <param name="start">Starts a process.</param>
    /// <param name="logger">Told of each that is lost.</param>
    public DecoderPool(DecoderPoolOptions options, Func<DecoderChild> start, ILogger logger) =>
        (this.options, this.start, this.logger) = (options, start, logger);

    /// <summary>Starts processes before they are needed; does not wait for them.</summary>
    public void Start(int count)
    {
        lock (gate)
        {
            for (int i = workers.Count; i < count; i++)
            {
                TryAddWorker();
            }
        }
    }

    /// <summary>Why no process runs; null while one does, or none has failed to start. Who asks has it tried again when it is time.</summary>
    public string? Check()
    {
        lock (gate)
        {
            if (isDisposed || startFailures == 0 || workers.Exists(worker => worker.IsReady))
            {
                return null;
            }

            if (workers.Count == 0)
            {
                TryAddWorker();
            }

            return startFailure!.Message;
        }
    }

    /// <summary>Has a picture decoded as soon as a process is free.</summary>
    /// <param name="request">The picture.</param>
    /// <param name="cancellationToken">Gives up before it has begun.</param>
    /// <exception cref="DecodersUnavailableException">No process runs and none can be started now, or those that had the picture were killed.</exception>
    public async Task<PreviewResult> MakeAsync(DecodeRequest request, CancellationToken cancellationToken)
    {
        var order = new Order(request);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (idle.Count > 0)
            {
                idle[^1].Wake();
                idle.RemoveAt(idle.Count - 1);
            }
            else if (!TryAddWorker() && workers.Count == 0)
            {
                throw Unavailable();
            }

            waiting.Enqueue(order);
        }

        using CancellationTokenRegistration giveUp = cancellationToken.UnsafeRegister((_, token) => order.TryCancel(token), null);
        return await order.Task;
    }

    /// <summary>Ends the processes, whatever they are at.</summary>
    public void Dispose()
    {
        Worker[] all;
        lock (gate)
        {
            isDisposed = true;
            all = [.. workers];
            FailWaiting(new OperationCanceledException("The service ends."));
        }

        Array.ForEach(all, worker => worker.End());
        Array.ForEach(all, worker => worker.Join());
    }

    private bool TryAddWorker()
    {
        if (workers.Count == options.Count || (startFailures > 0 && Stopwatch.GetTimestamp() < retryAt))
        {
            return false;
        }

        var worker = new Worker(this);
        workers.Add(worker);
        worker.Start();
        return true;
    }

    private void OnStarted()
    {
        lock (gate)
        {
            startFailures = 0;
        }
    }

    private DecodersUnavailableException OnNotStarted(Exception error)
    {
        lock (gate)
        {
            startFailure = error;
            TimeSpan pause = TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(startFailures++, 20), LongestPause.Ticks));
            retryAt = Stopwatch.GetTimestamp() + (long)(pause.TotalSeconds * Stopwatch.Frequency);
            LogNotStarted(error.Message, pause.TotalSeconds);
            return Unavailable();
        }
    }

    private DecodersUnavailableException Unavailable()
    {
        TimeSpan wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), retryAt);
        return new DecodersUnavailableException(startFailure!, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    /// <summary>Takes a worker out; when it was the last one, nobody is left to serve those who wait.</summary>
    private void Remove(Worker worker)
    {
        lock (gate)
        {
            workers.Remove(worker);
            if (workers.Count == 0 && waiting.Count > 0 && startFailure is not null)
            {
                FailWaiting(Unavailable());
            }
        }
    }

    private void FailWaiting(Exception error)
    {
        while (waiting.TryDequeue(out Order? order))
        {
            if (order.TryBegin())
            {
                order.TrySetException(error);
            }
        }
    }

    /// <summary>The next picture for a worker.</summary>
    /// <returns>False when it is to end: none came for long, or the service ends.</returns>
    private bool TryTake(Worker worker, [NotNullWhen(true)] out Order? order)
    {
        while (true)
        {
            lock (gate)
            {
                order = null;
                if (isDisposed)
                {
                    return false;
                }

                while (waiting.TryDequeue(out order))
                {
                    if (order.TryBegin())
                    {
                        return true;
                    }
                }

                idle.Add(worker);
            }

            while (!worker.Rest(options.IdleTime))
            {
                lock (gate)
                {
                    // One that stays rests on; one that is not idle any more was woken up just now.
                    if (workers.Count > options.Kept && idle.Remove(worker))
                    {
                        // At once: whoever comes next must not count on it.
                        workers.Remove(worker);
                        return false;
                    }
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A picture of {Bytes} bytes (SHA-256 {Digest}) ended the process that decoded it ({End}); {Next}")]
    private partial void LogEnded(int bytes, string digest, string end, string next);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A picture of {Bytes} bytes (SHA-256 {Digest}) took longer than {Seconds} s to decode: its process was ended")]
    private partial void LogSlow(int bytes, string digest, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A process that decodes pictures ended while it had none ({End})")]
    private partial void LogLost(string end);

    [LoggerMessage(Level = LogLevel.Error, Message = "No process that decodes pictures can be started: {Reason}; next try in {Seconds} s")]
    private partial void LogNotStarted(string reason, double seconds);

    private sealed class Order(DecodeRequest request)
        : TaskCompletionSource<PreviewResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private int begun;

        /// <summary>The picture; nothing once it was given up: its bytes are not kept until it would be its turn.</summary>
        public DecodeRequest Request { get; private set; } = request;

        public bool TryBegin() => Interlocked.Exchange(ref begun, 1) == 0;

        public void TryCancel(CancellationToken cancellationToken)
        {
            if (TryBegin())
            {
                Request = default;
                TrySetCanceled(cancellationToken);
            }
        }
    }

    /// <summary>A process, and the thread that waits for it.</summary>
    private sealed class Worker(DecoderPool pool)
    {
        private const int MostTries = 2;

        private readonly object signal = new();
        private readonly Lock childGate = new();
        private Thread? thread;
        private bool isAwake;
        private DecoderChild? child;
        private volatile bool isReady;
        private volatile bool isEnding;

        /// <summary>Whether its process can decode, or does.</summary>
        public bool IsReady => isReady;

        public void Start()
        {
            thread = new Thread(Run) { IsBackground = true, Name = "decoder process" };
            thread.Start();
        }

        public void Wake()
        {
            lock (signal)
            {
                isAwake = true;
                Monitor.Pulse(signal);
            }
        }

        /// <summary>Waits to be woken up.</summary>
        /// <returns>Whether that has happened in time.</returns>
        public bool Rest(TimeSpan longest)
        {
            lock (signal)
            {
                if (!isAwake)
                {
                    Monitor.Wait(signal, longest);
                }

                // It may have been woken up when its time was over.
                bool woken = isAwake;
                isAwake = false;
                return woken;
            }
        }

        /// <summary>Ends the process, from another thread.</summary>
        public void End()
        {
            lock (childGate)
            {
                isEnding = true;
                child?.Kill();
            }

            Wake();
        }

        public void Join() => thread!.Join();

        private void Run()
        {
            try
            {
                // Before it takes a picture: others may be free sooner.
                StartChild();
                while (pool.TryTake(this, out Order? order))
                {
                    Serve(order);
                    if (child is null)
                    {
                        StartChild();
                    }
                }
            }
            catch (Exception error) when (error is DecodersUnavailableException or OperationCanceledException)
            {
                // Told to whoever waits; the next picture adds a worker again.
            }
            finally
            {
                DropChild();
                pool.Remove(this);
            }
        }

        private void Serve(Order order)
        {
            try
            {
                if (child!.HasExited)
                {
                    pool.LogLost(child.End);
                    DecoderTelemetry.Ends.Add(1, DecoderTelemetry.Idle);
                    DropChild();
                    StartChild();
                }

                order.TrySetResult(Make(order.Request));
            }
            catch (Exception error)
            {
                order.TrySetException(error);
                DropChild();
                if (error is DecodersUnavailableException { IsKilled: false })
                {
                    throw;
                }
            }
        }

        private PreviewResult Make(DecodeRequest request)
        {
            for (int attempt = 1; ; attempt++)
            {
                if (child!.Make(request, pool.options.Time, out bool isLate) is { } result)
                {
                    return result;
                }

                bool isKilled = child.IsKilled;
                string end = isKilled ? $"{child.End} from elsewhere" : child.End;
                string digest = Convert.ToHexStringLower(SHA256.HashData(request.Bytes.Span));
                DropChild();
                ThrowIfEnding();
                if (isLate)
                {
                    DecoderTelemetry.Ends.Add(1, DecoderTelemetry.Slow);
                    pool.LogSlow(request.Bytes.Length, digest, pool.options.Time.TotalSeconds);
                    return PreviewResult.Rejected(
                        ImageRejection.TooSlow,
                        $"The picture took longer than {pool.options.Time.TotalSeconds:0.###} s to decode. Save it anew, with fewer pixels or in a simpler form (not progressive, not interlaced), and send that.");
                }

                // Once more, in a process of which no other picture has spoilt anything, and which nobody else has ended.
                DecoderTelemetry.Ends.Add(1, isKilled ? DecoderTelemetry.Kill : DecoderTelemetry.Crash);
                pool.LogEnded(request.Bytes.Length, digest, end, attempt < MostTries ? "once more in a new one" : isKilled ? "it may come again" : "it is refused");
                if (attempt == MostTries)
                {
                    if (isKilled)
                    {
                        throw new DecodersUnavailableException(PauseAfterKill);
                    }

                    return PreviewResult.Rejected(
                        ImageRejection.EndedDecoder,
                        $"The picture ended the process that decodes it, and a second one: it is damaged in a way that the decoder does not withstand, or needs more than {pool.options.MemoryBytes >> 20} MiB of memory. Save it anew with another program and send that.");
                }

                StartChild();
            }
        }

        private void StartChild()
        {
            ThrowIfEnding();
            try
            {
                DecoderChild started = pool.start();
                DecoderTelemetry.Processes.Add(1);
                lock (childGate)
                {
                    // Before it can decode, so that nobody who ends it has to wait for that.
                    child = started;
                    ThrowIfEnding();
                }

                started.WaitUntilReady();
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                DropChild();
                ThrowIfEnding();
                throw pool.OnNotStarted(error);
            }

            isReady = true;
            pool.OnStarted();
        }

        private void ThrowIfEnding()
        {
            if (isEnding)
            {
                throw new OperationCanceledException("The service ends.");
            }
        }

        private void DropChild()
        {
            isReady = false;
            lock (childGate)
            {
                if (child is not null)
                {
                    child.Dispose();
                    child = null;
                    DecoderTelemetry.Processes.Add(-1);
                }
            }
        }
    }
}
