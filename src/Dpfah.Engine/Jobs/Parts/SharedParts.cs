using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dpfah.Engine.Telemetry;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Computes the parts of one run of a job: here, and those that wait for this node on other nodes that have nothing better to do.</summary>
/// <remarks>
/// Safe for many parts at once. What comes of them is the same wherever they are computed, and is for the caller to put in order: in the order
/// in which they begin. A part that another node has is taken back when it takes much longer there than parts do here, and sooner when all
/// that follows waits for it and this node has nothing else to do.
/// </remarks>
internal sealed class SharedParts(PartBoard board, JobRun run) : IAsyncDisposable
{
    /// <summary>Parts that this node computes at once: enough for its encoder to have work while one ends and another begins.</summary>
    public const int PartsHere = 4;

    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(2);

    private static readonly Counter<long> Adopted = EngineTelemetry.Meter.CreateCounter<long>(
        "dpfah.job.parts.adopted", "{part}", "Parts of jobs that this node runs that other nodes have computed for it, by kind.");

    private readonly SemaphoreSlim here = new(PartsHere);
    private readonly Lock gate = new();

    // Numbers of the parts that have begun and not ended.
    private readonly SortedSet<long> open = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isEnding;
    private long begun;
    private long adopted;

    // How long a part takes here, the last ones most of all; zero as long as none has ended.
    private TimeSpan time;

    /// <summary>How long this node waits at most for a part that another has, when it has come to its turn.</summary>
    public TimeSpan LongestPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many parts other nodes have computed, in words; null when none was to be computed.</summary>
    public string? Summary
    {
        get
        {
            lock (gate)
            {
                return begun == 0 ? null : $"Other nodes have computed {adopted} of {begun} parts.";
            }
        }
    }

    /// <summary>Whether there are other nodes.</summary>
    public Task<bool> HasOthersAsync(CancellationToken cancellationToken) => board.HasOthersAsync(cancellationToken);

    /// <summary>Computes a part.</summary>
    /// <param name="input">What another node has to know of it: JSON of the kind's own.</param>
    /// <param name="compute">Computes it here, or what is left of it when another node has computed some.</param>
    /// <param name="adopt">Takes what another node has computed; false when that is not all of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task ComputeAsync(string input, Func<Task> compute, Func<byte[], bool> adopt, CancellationToken cancellationToken)
    {
        long number;
        lock (gate)
        {
            number = ++begun;
            open.Add(number);
        }

        return RunAsync(number, input, compute, adopt, cancellationToken);
    }

    /// <summary>Waits until all parts that have begun have ended: whoever wants no more of them has cancelled them before.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            isEnding = true;
            TellEnd();
        }

        await ended.Task;
        here.Dispose();
    }

    private async Task RunAsync(long number, string input, Func<Task> compute, Func<byte[], bool> adopt, CancellationToken cancellationToken)
    {
        try
        {
            bool isWhole = true;
            if (!await here.WaitAsync(TimeSpan.Zero, cancellationToken))
            {
                bool isOffered = await board.OfferAsync(run, number, input, cancellationToken);
                await here.WaitAsync(cancellationToken);
                bool isHere = false;
                try
                {
                    isHere = !isOffered || await board.TakeBackAsync(run, number, cancellationToken);
                }
                finally
                {
                    if (!isHere)
                    {
                        here.Release();
                    }
                }

                if (!isHere)
                {
                    if (await board.ResultAsync(run, number, waited => IsTooLong(number, waited), cancellationToken) is { } output)
                    {
                        if (adopt(output))
                        {
                            OnAdopted();
                            return;
                        }

                        isWhole = false;
                    }

                    await here.WaitAsync(cancellationToken);
                }
            }

            await ComputeAsync(compute, isWhole);
        }
        finally
        {
            lock (gate)
            {
                open.Remove(number);
                TellEnd();
            }
        }
    }

    /// <summary>Computes in a place that was taken, and gives the place back.</summary>
    private async Task ComputeAsync(Func<Task> compute, bool isWhole)
    {
        try
        {
            long start = Stopwatch.GetTimestamp();
            await compute();
            if (isWhole)
            {
                lock (gate)
                {
                    TimeSpan last = Stopwatch.GetElapsedTime(start);
                    time = time == TimeSpan.Zero ? last : ((3 * time) + last) / 4;
                }
            }
        }
        finally
        {
            here.Release();
        }
    }

    private bool IsTooLong(long number, TimeSpan waited)
    {
        lock (gate)
        {
            TimeSpan patience = time == TimeSpan.Zero ? LongestPatience : LeastPatience + (3 * time);
            return waited > patience || waited > LongestPatience || (waited > time && open.Min == number && here.CurrentCount > 0);
        }
    }

    private void OnAdopted()
    {
        lock (gate)
        {
            adopted++;
        }

        Adopted.Add(1, new KeyValuePair<string, object?>("kind", run.Kind));
    }

    private void TellEnd()
    {
        if (isEnding && open.Count == 0)
        {
            ended.TrySetResult();
        }
    }
}
