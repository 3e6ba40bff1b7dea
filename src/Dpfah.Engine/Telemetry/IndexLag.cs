using System.Diagnostics;

namespace Dpfah.Engine.Telemetry;

/// <summary>How far the indexes are behind what was committed. Written by the one that follows the log, read by any thread.</summary>
/// <remarks>
/// What was committed by a moment lies below the log's end of that moment. So the indexes are as old as the youngest moment whose end
/// they have reached: a transaction that holds the horizon back shows, however many others are committed meanwhile.
/// </remarks>
internal sealed class IndexLag
{
    // Enough for a quarter of an hour without progress at the usual rate; moments beyond are left out, and come again.
    private const int MostMoments = 4_096;

    private readonly Queue<(long Time, ulong End)> moments = [];
    private long reached = Stopwatch.GetTimestamp();
    private long turned = Stopwatch.GetTimestamp();
    private long positions;

    /// <summary>Age of what searches see.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(Volatile.Read(ref reached));

    /// <summary>
    /// How long ago this node has last applied all that could be applied. Unlike <see cref="Age"/> it does not grow when another's transaction
    /// holds the log back, for which no node is the wrong one to ask.
    /// </summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Volatile.Read(ref turned));

    /// <summary>Positions of the log that the indexes have not reached: on PostgreSQL transactions, on SQLite changes.</summary>
    public long Positions => Volatile.Read(ref positions);

    /// <summary>All was loaded.</summary>
    public void Load() => Volatile.Write(ref turned, Stopwatch.GetTimestamp());

    /// <summary>Notes what was read of the log.</summary>
    /// <param name="time">Timestamp from before the reading.</param>
    /// <param name="end">The log's end: all that was committed lies below it.</param>
    public void Look(long time, ulong end)
    {
        if (moments.Count < MostMoments)
        {
            moments.Enqueue((time, end));
        }
    }

    /// <summary>Forgets what was noted: the positions are given a second time.</summary>
    public void Forget() => moments.Clear();

    /// <summary>The indexes have reached a position.</summary>
    /// <param name="horizon">Everything below it was applied.</param>
    /// <param name="end">The log's end.</param>
    public void Reach(ulong horizon, ulong end)
    {
        while (moments.TryPeek(out (long Time, ulong End) first) && first.End <= horizon)
        {
            Volatile.Write(ref reached, first.Time);
            moments.Dequeue();
        }

        Volatile.Write(ref turned, Stopwatch.GetTimestamp());
        Volatile.Write(ref positions, end > horizon ? (long)(end - horizon) : 0);
    }
}
