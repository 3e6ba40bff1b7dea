namespace Dpfah.Engine.Jobs;

/// <summary>The job is another worker's by now, or was ended: nothing of this write was kept.</summary>
internal sealed class FencedException(long jobId) : Exception($"Job {jobId} is no longer run by this worker.");
