using System.Collections.Concurrent;

namespace Dpfah.Learning.Encoders;

/// <summary>The requests of one priority on their way through a batcher.</summary>
/// <param name="name">What the lane is called in metrics.</param>
internal sealed class RequestLane<TRequest, TPrepared, TResult>(string name)
{
    private int onTheWay;

    /// <summary>The lane, as metrics tell it.</summary>
    public KeyValuePair<string, object?> Tag { get; } = new("priority", name);

    /// <summary>Accepted, and not yet being prepared.</summary>
    public ConcurrentQueue<PendingRequest<TRequest, TPrepared, TResult>> Waiting { get; } = new();

    /// <summary>Prepared, and not yet seen by the batcher's thread.</summary>
    public ConcurrentQueue<PendingRequest<TRequest, TPrepared, TResult>> Prepared { get; } = new();

    /// <summary>Requests that were accepted and neither seen by the batcher's thread nor dropped before.</summary>
    public int OnTheWay => Volatile.Read(ref onTheWay);

    public void Enter()
    {
        Interlocked.Increment(ref onTheWay);
        EncoderTelemetry.Queue.Add(1, Tag);
    }

    public void Leave()
    {
        Interlocked.Decrement(ref onTheWay);
        EncoderTelemetry.Queue.Add(-1, Tag);
    }
}
