namespace Dpfah.Learning.Encoders;

/// <summary>A request on its way through a batcher, and the promise of its result.</summary>
internal sealed class PendingRequest<TRequest, TPrepared, TResult>
{
    // Continuations must not run on the batcher's thread.
    private readonly TaskCompletionSource<TResult> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration registration;

    public PendingRequest(TRequest request, CancellationToken cancellationToken)
    {
        Request = request;
        registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<TResult>)state!).TrySetCanceled(token), source);
    }

    public TRequest Request { get; }

    public TPrepared? Prepared { get; set; }

    public Task<TResult> Task => source.Task;

    /// <summary>Whether the caller has given up.</summary>
    public bool IsAbandoned => source.Task.IsCompleted;

    public void Complete(TResult result)
    {
        registration.Unregister();
        source.TrySetResult(result);
    }

    public void Fail(Exception error)
    {
        registration.Unregister();
        source.TrySetException(error);
    }
}
