namespace Dpfah.Learning.Inference;

/// <summary>Threads that work on one step of a network together: the caller and its helpers.</summary>
/// <remarks>
/// <para>A step takes tens to hundreds of microseconds and the next one follows at once: helpers spin for a while before they sleep.</para>
/// <para>Who does which share is left to chance, and changes no bit: each number is computed by one thread, in an order of its own.</para>
/// </remarks>
internal sealed class ThreadTeam : IDisposable
{
    // Shares of a step for each thread: the last to finish keeps the others for a quarter of its work at most.
    private const int SharesPerThread = 4;

    // Some 50 µs: longer than what lies between two steps of a picture, too short to be missed by other programs.
    private const int SpinsBeforeSleep = 1000;

    private const int Closed = int.MaxValue;

    private readonly Thread[] helpers;
    private readonly SemaphoreSlim wake = new(0);

    // The round in the upper half, the first item that nobody has taken in the lower: a share is taken by one exchange, which fails
    // when what a helper read of the round is no longer true. Between rounds the lower half is closed, as nothing else then tells a
    // helper that it reads a round in the making.
    private long ticket = Closed;
    private Action<int, int, int> action = static (_, _, _) => { };
    private int items;
    private int grain = 1;
    private int done;
    private int sleeping;
    private Exception? failure;
    private volatile bool stopping;

    /// <summary>Starts the helpers.</summary>
    /// <param name="threads">Threads in all, the caller's included; at least 1.</param>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        helpers = [.. Enumerable.Range(1, threads - 1).Select(member => new Thread(() => Help(member)) { IsBackground = true, Name = "network" })];
        foreach (Thread helper in helpers)
        {
            helper.Start();
        }
    }

    /// <summary>Threads in all.</summary>
    public int Threads { get; }

    /// <summary>Does work in shares of consecutive items, on all threads, and returns when all is done. One caller at a time.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="share">Given the number of the thread, from 0, does the items from the second number up to, without, the third.</param>
    public void For(int count, Action<int, int, int> share)
    {
        if (Threads == 1 || count == 1)
        {
            share(0, 0, count);
            return;
        }

        (action, items, grain, done, failure) = (share, count, Math.Max(1, count / (Threads * SharesPerThread)), 0, null);
        Interlocked.Exchange(ref ticket, ((ticket >> 32) + 1) << 32);
        int sleepers = Interlocked.Exchange(ref sleeping, 0);
        if (sleepers > 0)
        {
            wake.Release(sleepers);
        }

        while (TakeShare(0))
        {
        }

        var wait = default(SpinWait);
        while (Volatile.Read(ref done) < count)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        Interlocked.Or(ref ticket, Closed);
        if (failure is not null)
        {
            throw new InvalidOperationException("A thread of the network failed.", failure);
        }
    }

    /// <summary>Ends the helpers.</summary>
    public void Dispose()
    {
        stopping = true;
        wake.Release(helpers.Length + 1);
        foreach (Thread helper in helpers)
        {
            helper.Join();
        }

        wake.Dispose();
    }

    private void Help(int member)
    {
        int spins = 0;
        while (!stopping)
        {
            if (TakeShare(member))
            {
                spins = 0;
            }
            else if (spins++ < SpinsBeforeSleep)
            {
                Thread.SpinWait(8);
            }
            else
            {
                // Who is counted as asleep is woken once; a waking too many only makes a helper look again.
                Interlocked.Increment(ref sleeping);
                if (!TakeShare(member) && !stopping)
                {
                    wake.Wait();
                }

                spins = 0;
            }
        }
    }

    /// <summary>Takes a share and does it.</summary>
    /// <returns>False when there is none.</returns>
    private bool TakeShare(int member)
    {
        long seen = Volatile.Read(ref ticket);
        (int first, int count, int size, Action<int, int, int> share) = ((int)seen, items, grain, action);
        if (first >= count)
        {
            return false;
        }

        int last = Math.Min(first + size, count);
        if (Interlocked.CompareExchange(ref ticket, seen - first + last, seen) == seen)
        {
            try
            {
                share(member, first, last);
            }
            catch (Exception error)
            {
                failure = error;
            }

            Interlocked.Add(ref done, last - first);
        }

        return true;
    }
}
