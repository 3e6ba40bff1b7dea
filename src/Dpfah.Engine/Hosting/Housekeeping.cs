using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.Engine.Training;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Hosting;

/// <summary>
/// Closes encoders that nobody needs, removes the rows of deleted collections and what killed trainings left, trims the change log and
/// forgets old jobs: at the start, then once a minute.
/// </summary>
internal sealed partial class Housekeeping(
    Database database,
    CollectionStore collections,
    GenerationStore generations,
    JobCleaning jobs,
    EncoderPool encoders,
    IndexFollower follower,
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

    /// <summary>Does all of it once; what fails is told in the log, and tried again the next time.</summary>
    internal async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            // First: it needs no database.
            await encoders.CloseUnusedAsync(LiveModels(), options.EncoderIdleTime);
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

    /// <summary>Numbers of the models by which queries and uploads are hashed.</summary>
    private HashSet<int> LiveModels() =>
        [.. follower.Collections.Values.SelectMany(c => follower.Beside(c.CollectionId).Select(g => g.Generation.ModelId).Append(c.Generation.ModelId))];

    [LoggerMessage(Level = LogLevel.Warning, Message = "Housekeeping failed, trying again in a minute: {Reason}")]
    private partial void LogFailed(string reason);
}
