namespace Dpfah.Engine.Jobs;

/// <summary>What an event of a job tells.</summary>
public enum JobEventKind : short
{
    /// <summary>The job came into another state.</summary>
    State = 1,

    /// <summary>Stage, units done, counts.</summary>
    Progress = 2,

    /// <summary>A measured value, such as the loss of an epoch.</summary>
    Metric = 3,

    /// <summary>A sentence.</summary>
    Log = 4,
}
