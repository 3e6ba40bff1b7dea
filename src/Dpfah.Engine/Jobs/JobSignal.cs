namespace Dpfah.Engine.Jobs;

/// <summary>Tells within a process, and on PostgreSQL between processes, that something happened to jobs; who missed it finds it by polling.</summary>
internal sealed class JobSignal
{
    private volatile TaskCompletionSource next = New();

    /// <summary>Completes at the next <see cref="Raise"/>. Taken before the database is read, it misses nothing that came after.</summary>
    public Task Next => next.Task;

    /// <summary>Wakes all that wait.</summary>
    public void Raise() => Interlocked.Exchange(ref next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
