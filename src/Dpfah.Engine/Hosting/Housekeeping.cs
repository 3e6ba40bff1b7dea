using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Training;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Hosting;

/// <summary>
/// Removes the rows of deleted collections and what killed trainings left, trims the change log and forgets old jobs: at the start, then
/// once a minute.
/// </summary>
internal sealed partial class Housekeeping(
    Database database,
    CollectionStore collections,
    GenerationStore generations,
    JobCleaning jobs,
    TrainingLeftovers leftovers,
    EngineOptions options,
    TimeProvider clock,
    ILogger<Housekeeping> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Runs until it is cancelled; then it returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                await RunOnceAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service stops; what is left is done after the next start.
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await collections.RemoveDeletedAsync(cancellationToken);
            await generations.CleanAsync(cancellationToken);
            await database.TrimLogAsync(options.LogRetention, clock, cancellationToken);
            await jobs.RunAsync(cancellationToken);
            await leftovers.RemoveAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogFailed(error.GetBaseException().Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Housekeeping failed, trying again in a minute: {Reason}")]
    private partial void LogFailed(string reason);
}
