using System.Diagnostics;
using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Catalogue;

/// <summary>Lets a number of pictures in and turns further ones away, so that none waits behind more than these.</summary>
/// <param name="places">Pictures at once, at least 1.</param>
internal sealed class WorkGate(int places)
{
    private int taken;
    private double seconds;

    /// <summary>Takes a place.</summary>
    /// <returns>Gives it back when it is disposed.</returns>
    /// <exception cref="EncoderBusyException">There is none.</exception>
    public IDisposable Enter()
    {
        if (Interlocked.Increment(ref taken) > places)
        {
            Interlocked.Decrement(ref taken);

            // As long as one takes from entering to leaving, all that are in will take to be gone (Little's law).
            throw new EncoderBusyException(TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(Volatile.Read(ref seconds)))));
        }

        return new Place(this);
    }

    private void Leave(TimeSpan stay)
    {
        double before = Volatile.Read(ref seconds);
        Volatile.Write(ref seconds, before == 0 ? stay.TotalSeconds : (0.9 * before) + (0.1 * stay.TotalSeconds));
        Interlocked.Decrement(ref taken);
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
