namespace Dpfah.Engine.Jobs;

/// <summary>Jobs of one lane share a limit of how many run at once on a node.</summary>
internal static class JobLanes
{
    /// <summary>Jobs that keep the encoder busy: imports, re-hashing.</summary>
    public const string Encoding = "encoding";

    /// <summary>Training: one a device.</summary>
    public const string Training = "training";

    /// <summary>All others.</summary>
    public const string General = "general";
}
