namespace Dpfah.Engine.Jobs;

/// <summary>Waits for what happens to one job.</summary>
public sealed class JobWatch : IDisposable
{
    // A job that is worked on by another process, or was stopped past its lease, tells nothing: a reader looks again after this time at the latest.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly Action<JobWatch> end;
    private volatile TaskCompletionSource next = New();

    internal JobWatch(Action<JobWatch> end) => this.end = end;

    /// <summary>A task that completes when something may have happened to the job, or after half a second. Taken before reading, it misses nothing.</summary>
    public Task NextChangeAsync(CancellationToken cancellationToken) => Task.WhenAny(next.Task, Task.Delay(PollInterval, cancellationToken));

    internal void Wake() => Interlocked.Exchange(ref next, New()).TrySetResult();

    /// <inheritdoc/>
    public void Dispose() => end(this);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
