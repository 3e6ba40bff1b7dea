using Dpfah.Engine.Hosting;

namespace Dpfah.Engine.Jobs;

/// <summary>Says what went wrong in a job, in words for the person who started it.</summary>
internal static class FailureText
{
    /// <summary>A sentence.</summary>
    public static string Of(Exception error) => DiskSpace.IsFull(error)
        ? $"The disk is full: free some space and start the job again; what was done stays. ({error.GetBaseException().Message.TrimEnd('.')})"
        : error.GetBaseException().Message;

    /// <summary>Whether trying again soon would only fail again.</summary>
    public static bool IsFinal(Exception error) => DiskSpace.IsFull(error);
}
