namespace Dpfah.Engine.Jobs;

/// <summary>Does one kind of job.</summary>
internal interface IJobHandler
{
    /// <summary>The kind, such as <c>import</c>.</summary>
    string Kind { get; }

    /// <summary>Does the job, from its checkpoint on.</summary>
    /// <param name="run">The job at hand; everything that is written goes through it.</param>
    /// <param name="cancellationToken">Cancelled when somebody asked for the job's end, when its lease was lost, or when the service stops.</param>
    /// <returns>What came of it: a JSON object, or null.</returns>
    /// <exception cref="JobFailedException">The job cannot be done, and trying again would not help.</exception>
    Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken);
}
