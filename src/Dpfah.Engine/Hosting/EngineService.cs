using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Access;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Decoding;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Hosting;

/// <summary>Brings the service up, step by step, as often as it takes; then follows the change log for as long as it runs.</summary>
internal sealed partial class EngineService(
    Database database,
    ModelStore models,
    EncoderPool encoders,
    IDecoding decoding,
    CollectionStore collections,
    IndexFollower follower,
    IdentityCheck identityCheck,
    Housekeeping housekeeping,
    EngineOptions options,
    ServiceState state,
    ILogger<EngineService> logger,
    InitialModel? initial = null,
    ApiKeyFollower? keys = null) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly string[] Steps = ["database", "model", "index", "encoder"];

    private string step = Steps[0];
    private string? failedStep;
    private string? failure;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // A program that is not there ends the start.
        decoding.Start();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StartAndFollowAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                ReportFailure(error.GetBaseException().Message);
                await Task.Delay(RetryDelay, stoppingToken);
            }
        }
    }

    private async Task StartAndFollowAsync(CancellationToken cancellationToken)
    {
        (int epoch, Task opening) = options.ReadOnly
            ? (await database.ReadEpochAsync(cancellationToken), Task.CompletedTask)
            : await PrepareAsync(cancellationToken);
        Report("index", "Loading the codes.");
        await follower.LoadAsync(
            epoch,
            (done, total) => Report("index", $"Loaded {done:N0} of {total:N0} codes.", total == 0 ? 1 : (double)done / total),
            cancellationToken);
        WarmUp();
        Report("encoder", "Loading the first model and warming it up.");
        await opening;
        await identityCheck.RunAsync(cancellationToken);
        if (keys is not null)
        {
            // Before anybody is answered: whether a key is needed stands in the database.
            await keys.RefreshAsync(cancellationToken);
        }

        state.WatchLag(() => follower.Lag.Silence, options.ReadyLag);
        state.WatchDecoding(decoding.Check);
        state.ReportStarted();
        (failedStep, failure) = (null, null);
        LogReady(database.Provider, follower.Collections.Count, follower.Collections.Values.Where(c => c.Layout is null).Sum(c => (long)c.Snapshot.Count));

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task cleaning = options.ReadOnly || !options.Housekeeping ? Task.CompletedTask : housekeeping.RunAsync(ending.Token);
        Task checking = identityCheck.FollowAsync(ending.Token);
        try
        {
            await follower.FollowAsync(state.ReportDatabase, cancellationToken);
        }
        finally
        {
            await ending.CancelAsync();
            await cleaning;
            await checking;
        }
    }

    /// <summary>Brings the schema up to date, and sees to it that there is a model and a collection.</summary>
    /// <returns>The database's epoch, and the opening of the model's encoder, which goes on beside what follows.</returns>
    private async Task<(int Epoch, Task Opening)> PrepareAsync(CancellationToken cancellationToken)
    {
        Report("database", "Opening the database and bringing its schema up to date.");
        int epoch = await database.PrepareAsync(cancellationToken);

        Report("model", "Preparing the first model.");
        ModelInfo model = await models.EnsureFirstModelAsync(
            new StepProgress(progress => Report("model", progress.Step, progress.Done)), cancellationToken);
        if (initial is not null)
        {
            Report("model", $"Storing model '{initial.Name}'.");
            model = await models.EnsureAsync(initial, cancellationToken);
        }

        // It takes a core a while, as loading the codes takes the database: one goes on beside the other.
        Task opening = encoders.IdentityAsync(model.Id, cancellationToken);
        if (!await collections.ExistsAsync(CollectionStore.DefaultName, cancellationToken))
        {
            // A new collection's codes are described by its encoder.
            Report("encoder", $"Loading model '{model.Description.Name}' and warming it up.");
            await opening;
            await collections.EnsureAsync(CollectionStore.DefaultName, model.Id, null, cancellationToken);
        }

        return (epoch, opening);
    }

    /// <summary>The first search would otherwise wait for the compiler.</summary>
    private void WarmUp()
    {
        foreach (CollectionIndex collection in follower.Collections.Values.Where(c => c.Layout is null))
        {
            var query = new IndexQuery<IndexedItem>
            {
                Code = BinaryCode.FromBytes(new byte[collection.Generation.Bits / 8]),
                Signature = BinaryCode.FromBytes(new byte[ImageCode.SignatureBits / 8]),
                K = SearchLimits.DefaultK,
            };
            collection.Snapshot.Search(query);
        }
    }

    private void Report(string name, string detail, double? done = null)
    {
        step = name;

        // What stands in the way stays told until the start has come further than that.
        // After the first start a reload goes on behind answers from the index as it was.
        if (!state.HasStarted && Array.IndexOf(Steps, name) > Array.IndexOf(Steps, failedStep))
        {
            state.Report(name, detail, done);
        }
    }

    private void ReportFailure(string reason)
    {
        if (failedStep != step || failure != reason)
        {
            // Once, not once a second for as long as it takes.
            LogStepFailed(step, reason);
        }

        (failedStep, failure) = (step, reason);
        if (state.HasStarted)
        {
            // A reload failed: the index as it was goes on answering.
            state.ReportDatabase(reason);
        }
        else
        {
            state.Report(step, $"Waiting for the step '{step}': {reason.TrimEnd('.')}.");
        }
    }

    /// <summary>Reports at once, on the thread that makes the progress.</summary>
    private sealed class StepProgress(Action<(string Step, double Done)> report) : IProgress<(string Step, double Done)>
    {
        public void Report((string Step, double Done) value) => report(value);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Step '{Step}' of the start failed, trying again: {Reason}")]
    private partial void LogStepFailed(string step, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready on {Provider}: {Collections} collections, {Pictures} pictures")]
    private partial void LogReady(string provider, int collections, long pictures);
}
