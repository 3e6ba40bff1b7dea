namespace Dpfah.Engine.Hosting;

/// <summary>Where the service stands on its way to ready, in words for the people who run it.</summary>
public sealed class ServiceState
{
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StartupStep step = new("starting", "The service is starting.", null);
    private volatile string? databaseProblem;
    private volatile string? clusterProblem;
    private volatile bool isStopping;
    private (Func<TimeSpan> Silence, TimeSpan Most)? lag;
    private Func<string?>? decoding;

    /// <summary>What is being done, or what stands in the way.</summary>
    public StartupStep Step => step;

    /// <summary>Why the database does not answer at the moment; null when it does. Searches by code go on without it.</summary>
    public string? DatabaseProblem => databaseProblem;

    /// <summary>Why this node is not one of its cluster at the moment; null when it is, or there is no cluster.</summary>
    public string? ClusterProblem => clusterProblem;

    /// <summary>Whether the start is complete: model and index are in memory.</summary>
    public bool HasStarted => started.Task.IsCompleted;

    /// <summary>Whether the service has been told to stop: it answers what comes, and wants no more of it.</summary>
    public bool IsStopping => isStopping;

    /// <summary>
    /// How long the index has not followed the database, when that is longer than <see cref="EngineOptions.ReadyLag"/>; null when it follows.
    /// </summary>
    public TimeSpan? Lag => lag is var (silence, most) && silence() is var age && age > most ? age : null;

    /// <summary>Why no picture can be decoded here at the moment; null when it can. Searches by code go on without it.</summary>
    public string? DecodingProblem => decoding?.Invoke();

    /// <summary>Whether requests are to be sent here.</summary>
    public bool IsReady =>
        HasStarted && databaseProblem is null && clusterProblem is null && !isStopping && Lag is null && DecodingProblem is null;

    /// <summary>Says that the service will end.</summary>
    public void ReportStopping()
    {
        isStopping = true;
        step = new StartupStep("stopping", "The service is stopping.", null);
    }

    /// <summary>Waits for the start to be complete.</summary>
    public Task WaitUntilStartedAsync(CancellationToken cancellationToken) => started.Task.WaitAsync(cancellationToken);

    /// <summary>Throws unless the start is complete.</summary>
    /// <exception cref="NotReadyException">It is not; the message says why.</exception>
    public void ThrowIfNotReady()
    {
        if (!HasStarted)
        {
            throw new NotReadyException(step.Detail);
        }
    }

    internal void Report(string name, string detail, double? done = null) => step = isStopping ? step : new StartupStep(name, detail, done);

    /// <summary>Told by whom to know how long the index has not followed, before the start is reported.</summary>
    internal void WatchLag(Func<TimeSpan> silence, TimeSpan most) => lag = (silence, most);

    /// <summary>Told by whom to know whether pictures can be decoded, before the start is reported.</summary>
    internal void WatchDecoding(Func<string?> problem) => decoding = problem;

    internal void ReportDatabase(string? problem) => databaseProblem = problem;

    internal void ReportCluster(string? problem) => clusterProblem = problem;

    internal void ReportStarted()
    {
        Report("ready", "The service is ready.", 1);
        started.TrySetResult();
    }
}

/// <summary>A step of the start.</summary>
/// <param name="Name"><c>starting</c>, <c>database</c>, <c>model</c>, <c>encoder</c>, <c>index</c>, <c>ready</c> or <c>stopping</c>.</param>
/// <param name="Detail">A sentence.</param>
/// <param name="Done">Share of the step that is done, from 0 to 1; null when that is not known.</param>
public sealed record StartupStep(string Name, string Detail, double? Done);

/// <summary>The service cannot answer yet, or not at the moment; the caller should come back.</summary>
/// <param name="message">Why, in a sentence.</param>
public sealed class NotReadyException(string message) : Exception(message);
