using System.Collections.Concurrent;

namespace Dpfah.Engine.Jobs;

/// <summary>Tells within a process, and on PostgreSQL between processes, that something happened to jobs; who missed it finds it by polling.</summary>
internal sealed class JobSignal
{
    private readonly ConcurrentDictionary<JobWatch, long> watches = new();
    private volatile TaskCompletionSource next = New();

    /// <summary>Completes at the next <see cref="Raise()"/>. Taken before the database is read, it misses nothing that came after.</summary>
    public Task Next => next.Task;

    /// <summary>Watches one job until it is disposed.</summary>
    public JobWatch Watch(long job)
    {
        var watch = new JobWatch(gone => watches.TryRemove(gone, out _));
        watches[watch] = job;
        return watch;
    }

    /// <summary>Wakes those that look for any job.</summary>
    public void Raise() => Interlocked.Exchange(ref next, New()).TrySetResult();

    /// <summary>Wakes these, and those that watch the job to which something happened.</summary>
    public void Raise(long job)
    {
        Raise();
        foreach ((JobWatch watch, long watched) in watches)
        {
            if (watched == job)
            {
                watch.Wake();
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
