namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Jobs of other nodes with which this node does not help: some not at all, some not for a while. Safe for many threads.</summary>
internal sealed class JobsLeftAlone(TimeProvider clock)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();

    // By number and fence: when a job's next run begins, all is open again.
    private readonly Dictionary<(long Id, long Fence), (TimeSpan Pause, long Since)> jobs = [];

    /// <summary>Numbers of the jobs that are known here.</summary>
    public long[] Ids
    {
        get
        {
            lock (gate)
            {
                return [.. jobs.Keys.Select(job => job.Id)];
            }
        }
    }

    /// <summary>Leaves a job alone for good.</summary>
    public void Refuse(PartJob job)
    {
        lock (gate)
        {
            jobs[(job.Id, job.Fence)] = (TimeSpan.MaxValue, 0);
        }
    }

    /// <summary>Leaves a job alone for a while, each time twice as long; what comes during a pause belongs to that one.</summary>
    public void Pause(PartJob job)
    {
        lock (gate)
        {
            if (LeftOf(job) == TimeSpan.Zero)
            {
                TimeSpan last = jobs.GetValueOrDefault((job.Id, job.Fence)).Pause;
                TimeSpan next = last == TimeSpan.Zero ? FirstPause : last < LongestPause / 2 ? last * 2 : LongestPause;
                jobs[(job.Id, job.Fence)] = (next, clock.GetTimestamp());
            }
        }
    }

    /// <summary>Notes that a part of a job was of use: the next pause is a short one again.</summary>
    public void Forgive(PartJob job)
    {
        lock (gate)
        {
            if (LeftOf(job) == TimeSpan.Zero)
            {
                jobs.Remove((job.Id, job.Fence));
            }
        }
    }

    /// <summary>How long a job is still to be left alone: zero when it is not, <see cref="TimeSpan.MaxValue"/> for good.</summary>
    public TimeSpan LeftOf(PartJob job)
    {
        lock (gate)
        {
            (TimeSpan pause, long since) = jobs.GetValueOrDefault((job.Id, job.Fence));
            TimeSpan left = pause is { Ticks: 0 } || pause == TimeSpan.MaxValue ? pause : pause - clock.GetElapsedTime(since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Forgets all but those runs.</summary>
    public void Keep(IReadOnlyCollection<(long Id, long Fence)> running)
    {
        lock (gate)
        {
            foreach ((long, long) ended in jobs.Keys.Except(running).ToList())
            {
                jobs.Remove(ended);
            }
        }
    }
}
