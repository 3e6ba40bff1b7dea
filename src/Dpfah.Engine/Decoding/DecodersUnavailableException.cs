namespace Dpfah.Engine.Decoding;

/// <summary>No process that decodes pictures can be started now, or something else ends them; no fault of a picture.</summary>
public sealed class DecodersUnavailableException : Exception
{
    internal DecodersUnavailableException(Exception cause, TimeSpan retryAfter)
        : base($"No process that decodes pictures can be started: {cause.Message.TrimEnd('.')}. It is tried again in {Math.Ceiling(retryAfter.TotalSeconds):0} s.", cause) =>
        RetryAfter = retryAfter;

    /// <summary>For a picture whose processes were killed, each time.</summary>
    internal DecodersUnavailableException(TimeSpan retryAfter)
        : base($"The processes that decoded the picture were killed, as the system does where memory is short. Try again in {Math.Ceiling(retryAfter.TotalSeconds):0} s.") =>
        (RetryAfter, IsKilled) = (retryAfter, true);

    /// <summary>When it is tried again.</summary>
    public TimeSpan RetryAfter { get; }

    /// <summary>Whether processes were started, and killed at the picture.</summary>
    internal bool IsKilled { get; }
}
