namespace Dpfah.Learning.Encoders;

/// <summary>Work that a batcher's thread does alone, between batches.</summary>
internal abstract class LoneWork
{
    /// <summary>Does it and tells who waits, unless nobody does any more.</summary>
    public abstract void Run();

    /// <summary>Tells who waits that it is not done.</summary>
    public abstract void Fail(Exception error);
}

/// <summary>Such work and the promise of its result.</summary>
internal sealed class LoneWork<T>(Func<T> work, CancellationToken cancellationToken) : LoneWork
{
    private readonly PendingRequest<Func<T>, object, T> pending = new(work, cancellationToken);

    public Task<T> Task => pending.Task;

    public override void Run()
    {
        if (pending.IsAbandoned)
        {
            return;
        }

        try
        {
            pending.Complete(pending.Request());
        }
        catch (Exception error)
        {
            pending.Fail(error);
        }
    }

    public override void Fail(Exception error) => pending.Fail(error);
}
