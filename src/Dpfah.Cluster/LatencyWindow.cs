namespace Dpfah.Cluster;

/// <summary>The 95th percentile of the last answers' times. For any number of threads.</summary>
internal sealed class LatencyWindow
{
    private const int Size = 512;
    private const int Least = 20;
    private const int Between = 64;

    private readonly Lock gate = new();
    private readonly TimeSpan[] times = new TimeSpan[Size];
    private long count;
    private long percentile = TimeSpan.FromMilliseconds(20).Ticks;

    /// <summary>The percentile; 20 ms until enough is known.</summary>
    public TimeSpan Percentile95 => TimeSpan.FromTicks(Volatile.Read(ref percentile));

    /// <summary>Adds a time.</summary>
    public void Add(TimeSpan time)
    {
        lock (gate)
        {
            times[count++ % Size] = time;
            if (count == Least || count % Between == 0)
            {
                TimeSpan[] sorted = [.. times.Take((int)Math.Min(count, Size)).Order()];
                Volatile.Write(ref percentile, sorted[sorted.Length * 95 / 100].Ticks);
            }
        }
    }
}
