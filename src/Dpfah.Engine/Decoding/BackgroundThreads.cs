using System.Collections.Concurrent;

namespace Dpfah.Engine.Decoding;

/// <summary>
/// Threads for the computations of jobs. A pool has a thread a core: kept busy by decoding, they would let requests wait for a picture
/// to be done; threads of their own share the cores with them instead.
/// </summary>
internal sealed class BackgroundThreads : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Lazy<bool> started;

    /// <summary>Makes threads that start with the first work.</summary>
    /// <param name="count">How many.</param>
    /// <param name="name">What they are called.</param>
    public BackgroundThreads(int count, string name) => started = new Lazy<bool>(() =>
    {
        for (int i = 0; i < count; i++)
        {
            new Thread(Run) { IsBackground = true, Name = name, Priority = ThreadPriority.BelowNormal }.Start();
        }

        return true;
    });

    /// <summary>Computes something as soon as a thread is free.</summary>
    /// <param name="compute">What to compute.</param>
    /// <param name="cancellationToken">Gives up before it has begun.</param>
    public async Task<T> RunAsync<T>(Func<T> compute, CancellationToken cancellationToken)
    {
        _ = started.Value;
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(
            () =>
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    done.TrySetCanceled(cancellationToken);
                    return;
                }

                try
                {
                    done.TrySetResult(compute());
                }
                catch (Exception error)
                {
                    done.TrySetException(error);
                }
            },
            cancellationToken);
        return await done.Task;
    }

    /// <summary>Lets the threads end when nothing is left.</summary>
    public void Dispose() => work.CompleteAdding();

    private void Run()
    {
        foreach (Action action in work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
