using System.Diagnostics;

namespace Dpfah.Engine.Jobs;

/// <summary>Keeps the lease of a job that runs, and watches for the wish to end it.</summary>
internal sealed class Lease(JobClaims claims, JobRun run, TimeSpan length)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private volatile bool isLost;
    private volatile bool cancelRequested;

    /// <summary>Whether the job is another worker's, or may be.</summary>
    public bool IsLost => isLost;

    /// <summary>Whether somebody asked for the job's end.</summary>
    public bool CancelRequested => cancelRequested;

    /// <summary>Renews the lease until told to stop.</summary>
    /// <param name="ending">Cancelled when the job must end.</param>
    /// <param name="stop">Ends the renewing.</param>
    public async Task KeepAsync(CancellationTokenSource ending, CancellationToken stop)
    {
        TimeSpan every = TimeSpan.FromTicks(Math.Min(length.Ticks / 4, LookEvery.Ticks));
        long renewed = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(every, stop);
                (bool mine, bool cancel) = await claims.RenewAsync(run, stop);
                renewed = Stopwatch.GetTimestamp();
                (isLost, cancelRequested) = (!mine, cancel);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // The database does not answer. When that lasts for the length of the lease, another worker may have the job.
                isLost = Stopwatch.GetElapsedTime(renewed) > length;
            }

            if (isLost || cancelRequested)
            {
                await ending.CancelAsync();
            }

            if (isLost)
            {
                return;
            }
        }
    }
}
