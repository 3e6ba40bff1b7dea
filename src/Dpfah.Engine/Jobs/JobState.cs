namespace Dpfah.Engine.Jobs;

/// <summary>How far a job has come.</summary>
public enum JobState : short
{
    /// <summary>Waits for a worker.</summary>
    Queued = 1,

    /// <summary>A worker runs it.</summary>
    Running = 2,

    /// <summary>Done.</summary>
    Succeeded = 3,

    /// <summary>Given up; its error says why.</summary>
    Failed = 4,

    /// <summary>Ended because somebody asked for it.</summary>
    Cancelled = 5,
}
