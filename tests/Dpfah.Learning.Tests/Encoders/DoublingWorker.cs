using System.Collections.Concurrent;
using Dpfah.Learning.Encoders;

namespace Dpfah.Learning.Tests.Encoders;

/// <summary>
/// Doubles numbers; a batch ends when the test opens the gate. Negative numbers cannot be prepared, 13 breaks its batch.
/// </summary>
internal sealed class DoublingWorker : IBatchWorker<int, int, int>
{
    private readonly ManualResetEventSlim gate = new(initialState: true);
    private readonly SemaphoreSlim entered = new(0);

    public ConcurrentQueue<int[]> Batches { get; } = new();

    public ConcurrentBag<int> Threads { get; } = [];

    public bool FailsAtStart { get; init; }

    public bool IsDisposed { get; private set; }

    public void CloseGate() => gate.Reset();

    public void OpenGate() => gate.Set();

    /// <summary>Completes when one more batch has begun.</summary>
    public Task BatchBeganAsync() => entered.WaitAsync();

    public void Start()
    {
        Threads.Add(Environment.CurrentManagedThreadId);
        if (FailsAtStart)
        {
            throw new InvalidDataException("no model");
        }
    }

    public int Prepare(int request) => request >= 0 ? request : throw new InvalidDataException("negative");

    public IReadOnlyList<int> Run(IReadOnlyList<int> batch)
    {
        Threads.Add(Environment.CurrentManagedThreadId);
        Batches.Enqueue([.. batch]);
        entered.Release();
        gate.Wait();
        return batch.Contains(13) ? throw new InvalidOperationException("thirteen") : [.. batch.Select(x => 2 * x)];
    }

    public void Dispose()
    {
        Threads.Add(Environment.CurrentManagedThreadId);
        IsDisposed = true;
    }
}
