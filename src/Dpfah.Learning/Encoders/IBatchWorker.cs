namespace Dpfah.Learning.Encoders;

/// <summary>The work that a <see cref="MicroBatcher{TRequest, TPrepared, TResult}"/> does for its callers.</summary>
/// <remarks>
/// All members but <see cref="Prepare"/> are called on the batcher's own thread, so that one thread alone touches the device.
/// </remarks>
internal interface IBatchWorker<TRequest, TPrepared, TResult> : IDisposable
{
    /// <summary>Called once, before the first batch.</summary>
    void Start();

    /// <summary>Prepares one request. Called on many threads, while the batcher's thread runs other batches.</summary>
    TPrepared Prepare(TRequest request);

    /// <summary>Runs one batch.</summary>
    /// <param name="batch">At least one prepared request.</param>
    /// <returns>One result a request, in order.</returns>
    IReadOnlyList<TResult> Run(IReadOnlyList<TPrepared> batch);
}
