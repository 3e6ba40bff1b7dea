namespace Dpfah.Engine.Decoding;

/// <summary>No process that decodes pictures can be started now; no fault of a picture.</summary>
public sealed class DecodersUnavailableException : Exception
{
    internal DecodersUnavailableException(Exception cause, TimeSpan retryAfter)
        : base($"No process that decodes pictures can be started: {cause.Message.TrimEnd('.')}. It is tried again in {Math.Ceiling(retryAfter.TotalSeconds):0} s.", cause) =>
        RetryAfter = retryAfter;

    /// <summary>When it is tried again.</summary>
    public TimeSpan RetryAfter { get; }
}
