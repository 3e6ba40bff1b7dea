using System.Collections.Concurrent;

namespace Dpfah.Engine.Jobs;

/// <summary>How many jobs run on this node.</summary>
internal sealed class JobLoad
{
    private readonly ConcurrentDictionary<string, int> running = new(StringComparer.Ordinal);

    /// <summary>How many jobs of a lane run on this node.</summary>
    public int RunsHere(string lane) => running.GetValueOrDefault(lane);

    /// <summary>Counts a job until it is disposed of.</summary>
    public IDisposable Begin(string lane)
    {
        running.AddOrUpdate(lane, 1, (_, count) => count + 1);
        return new Run(this, lane);
    }

    private sealed class Run(JobLoad load, string lane) : IDisposable
    {
        public void Dispose() => load.running.AddOrUpdate(lane, 0, (_, count) => count - 1);
    }
}
