namespace Dpfah.Engine.Imports;

/// <summary>Bounds the bytes that are read ahead. One reader takes, many give back.</summary>
/// <param name="most">Bytes at once; one that is larger alone is let in alone.</param>
internal sealed class ByteBudget(long most)
{
    private readonly Lock gate = new();
    private long used;
    private TaskCompletionSource? freed;

    /// <summary>Waits until there is room, and takes it.</summary>
    public async Task TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (used == 0 || used + bytes <= most)
                {
                    used += bytes;
                    return;
                }

                freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = freed.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void Release(long bytes)
    {
        lock (gate)
        {
            used -= bytes;
            freed?.TrySetResult();
            freed = null;
        }
    }
}
