using System.Diagnostics;
using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Catalogue;

/// <summary>Lets a number of pictures in and turns further ones away, so that none waits behind more than these.</summary>
/// <param name="places">Pictures at once, at least 1.</param>
internal sealed class WorkGate(int places) : IDisposable
{
    private readonly SemaphoreSlim free = new(places);
    private double seconds;

    /// <summary>Pictures at once.</summary>
    public int Places => places;

    /// <summary>Takes a place.</summary>
    /// <returns>Gives it back when it is disposed.</returns>
    /// <exception cref="EncoderBusyException">There is none.</exception>
    public IDisposable Enter() => free.Wait(0) ? new Place(this) : throw Busy();

    /// <summary>Waits for a place.</summary>
    /// <returns>Gives it back when it is disposed.</returns>
    public async Task<IDisposable> WaitAsync(CancellationToken cancellationToken)
    {
        await free.WaitAsync(cancellationToken);
        return new Place(this);
    }

    /// <summary>Turns away who would have to wait by now.</summary>
    /// <exception cref="EncoderBusyException">There is no free place.</exception>
    public void Check()
    {
        if (free.CurrentCount == 0)
        {
            throw Busy();
        }
    }

    public void Dispose() => free.Dispose();

    // As long as one takes from entering to leaving, all that are in will take to be gone (Little's law).
    private EncoderBusyException Busy() => new(TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(Volatile.Read(ref seconds)))));

    private void Leave(TimeSpan stay)
    {
        double before = Volatile.Read(ref seconds);
        Volatile.Write(ref seconds, before == 0 ? stay.TotalSeconds : (0.9 * before) + (0.1 * stay.TotalSeconds));
        free.Release();
    }

    private sealed class Place(WorkGate gate) : IDisposable
    {
        private readonly long start = Stopwatch.GetTimestamp();
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                gate.Leave(Stopwatch.GetElapsedTime(start));
            }
        }
    }
}
