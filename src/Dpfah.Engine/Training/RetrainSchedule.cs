using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Training;

/// <summary>
/// Repeats the training of a collection's active model by itself: when enough labels are new, or when it is old. Off unless
/// <see cref="EngineOptions.RetrainAfterLabels"/> or <see cref="EngineOptions.RetrainEvery"/> is set.
/// </summary>
/// <remarks>
/// <para>
/// Only a model that was trained here on this very collection is repeated. Counted are labelled pictures that were added or changed
/// since the data of the newest model in this line was frozen: of the active model, or of one that was trained from it and is not
/// active yet. A change of a picture's metadata counts as well: the database tells that a picture was changed, not what of it.
/// </para>
/// <para>
/// A training that failed or was cancelled is not repeated for a day. The new model becomes active only when somebody, or a rule of
/// the collection, makes it so.
/// </para>
/// </remarks>
internal sealed partial class RetrainSchedule(
    Database database, TrainingJobs trainings, JobQueue queue, ModelStore models, EngineOptions options, ServiceState state, TimeProvider clock, ILogger<RetrainSchedule> logger)
    : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromDays(1);

    /// <summary>Whether anything is scheduled.</summary>
    public static bool IsWanted(EngineOptions options) => options.RetrainAfterLabels > 0 || options.RetrainEvery > TimeSpan.Zero;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.WaitUntilStartedAsync(stoppingToken);
            using var pause = new PeriodicTimer(options.RetrainPollInterval, clock);
            do
            {
                try
                {
                    await RunAsync(stoppingToken);
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(error.GetBaseException().Message);
                }
            }
            while (await pause.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Looks at all collections once.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var active = await database.ReadAsync(
            (context, token) => context.Collections.Where(c => c.DeletedAt == null)
                .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => new { c.Id, c.Name, g.ModelId })
                .Join(context.Models.Where(m => m.Lineage != null), x => x.ModelId, m => m.Id, (x, m) => new { x.Id, x.Name, Model = m.Name, ModelId = m.Id })
                .ToListAsync(token),
            cancellationToken);
        foreach (var one in active)
        {
            if (await models.FindLineageAsync(one.ModelId, cancellationToken) is not { Request: { } request } || request.Source.Collection != one.Name)
            {
                continue;
            }

            if (await ReasonAsync(one.Id, one.ModelId, cancellationToken) is not { } reason)
            {
                continue;
            }

            TrainingRequest repeated = request with { Name = await trainings.NextNameAsync(one.Model, cancellationToken), Parent = one.Model };
            try
            {
                NewJob job = await trainings.CheckAsync(repeated, AuditNames.Schedule, cancellationToken);
                if (await AddAsync(one.Id, one.ModelId, repeated.Name, job, cancellationToken))
                {
                    queue.Wake();
                    LogStarted(one.Name, one.Model, reason);
                }
            }
            catch (TrainingRefusedException error)
            {
                LogRefused(one.Name, error.Message);
            }
        }
    }

    /// <summary>Why the training of a collection's model is due; null when it is not.</summary>
    private async Task<string?> ReasonAsync(int collectionId, int modelId, CancellationToken cancellationToken)
    {
        List<int> line = await database.ReadAsync(
            (context, token) => context.Models.Where(m => m.Id == modelId || m.ParentId == modelId).OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(token), cancellationToken);
        DateTime since = (await models.FindLineageAsync(line[^1], cancellationToken))?.FrozenAt ?? DateTime.MaxValue;
        if (options.RetrainEvery > TimeSpan.Zero && clock.GetUtcNow().UtcDateTime - since >= options.RetrainEvery)
        {
            return $"its data is of {since:u}";
        }

        if (options.RetrainAfterLabels == 0)
        {
            return null;
        }

        int changed = await database.ReadAsync(
            (context, token) => context.Items.CountAsync(i => i.CollectionId == collectionId && i.UpdatedAt > since && i.Labels.Length > 0, token), cancellationToken);
        return changed >= options.RetrainAfterLabels ? $"{changed} labelled pictures are new or changed" : null;
    }

    /// <summary>Queues the training unless one of the collection waits, runs, or has failed within a day. Of several nodes one does it.</summary>
    private Task<bool> AddAsync(int collectionId, int modelId, string name, NewJob job, CancellationToken cancellationToken)
    {
        DateTime since = clock.GetUtcNow().UtcDateTime - AfterFailure;
        return database.WriteAsync(
            async (context, token) =>
            {
                // Holds the row: who comes second sees the job of the first.
                await context.Models.Where(m => m.Id == modelId).ExecuteUpdateAsync(set => set.SetProperty(m => m.Name, m => m.Name), token);
                if (await context.Jobs.AnyAsync(
                    j => j.Kind == TrainingHandler.JobKind && j.CollectionId == collectionId
                        && (j.State <= JobState.Running || (j.State != JobState.Succeeded && j.CreatedAt > since)),
                    token))
                {
                    return false;
                }

                await trainings.AddAsync(context, name, job, token);
                return true;
            },
            cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The training of {Model} is repeated for collection {Collection}: {Reason}")]
    private partial void LogStarted(string collection, string model, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model of collection {Collection} cannot be trained again: {Reason}")]
    private partial void LogRefused(string collection, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for models to train again failed: {Reason}")]
    private partial void LogFailed(string reason);
}
