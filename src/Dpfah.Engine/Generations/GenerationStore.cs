using System.Globalization;
using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>The generations of collections: begun, listed, activated, deleted.</summary>
public sealed class GenerationStore
{
    /// <summary>Most pictures that are filled in while the caller of an activation waits.</summary>
    public const int MostFilledAtOnce = 100;

    private const int MostHistory = 200;
    private const int RemoveBatch = 500;

    private static readonly TimeSpan LoadTimeout = TimeSpan.FromSeconds(60);

    private readonly Database database;
    private readonly EncoderPool encoders;
    private readonly JobQueue queue;
    private readonly GenerationFiller filler;
    private readonly GenerationSwitching switching;
    private readonly IndexFollower follower;
    private readonly TimeProvider clock;

    // Of the last cleaning.
    private HashSet<int> filledIn = [];

    internal GenerationStore(
        Database database,
        EncoderPool encoders,
        JobQueue queue,
        GenerationFiller filler,
        GenerationSwitching switching,
        IndexFollower follower,
        TimeProvider clock)
    {
        this.database = database;
        this.encoders = encoders;
        this.queue = queue;
        this.filler = filler;
        this.switching = switching;
        this.follower = follower;
        this.clock = clock;
    }

    /// <summary>
    /// Begins a generation under a model, and queues the job that fills it. A generation of the same identity that was retired is
    /// filled up; one that is ready is compared again.
    /// </summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="modelId">Number of the model.</param>
    /// <param name="activate">What becomes of it when it is complete.</param>
    /// <param name="by">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<StartOutcome> StartAsync(
        string collection, int modelId, ActivateWhen activate, string? by, CancellationToken cancellationToken)
    {
        EncoderIdentity identity = await encoders.IdentityAsync(modelId, cancellationToken);
        StartOutcome outcome = await database.WriteAsync(
            (context, token) => TryStartAsync(context, collection, modelId, identity, activate, by, token), cancellationToken);
        queue.Wake();
        return outcome;
    }

    private async Task<StartOutcome> TryStartAsync(
        DpfahContext context,
        string collection,
        int modelId,
        EncoderIdentity identity,
        ActivateWhen activate,
        string? by,
        CancellationToken cancellationToken)
    {
        Collection? found = await context.Collections.SingleOrDefaultAsync(c => c.Name == collection && c.DeletedAt == null, cancellationToken);
        if (found is null)
        {
            return new StartOutcome(null, StartProblem.NoCollection);
        }

        await database.LockCollectionAsync(context, found.Id, cancellationToken);
        List<Generation> all = await context.Generations.AsTracking()
            .Where(g => g.CollectionId == found.Id && g.State != GenerationState.Deleted).OrderBy(g => g.Id).ToListAsync(cancellationToken);
        Generation? same = all.Find(g => g.ModelId == modelId && g.Decoder == identity.Decoder && g.Arithmetic == identity.Arithmetic);
        if (same?.IsActive == true)
        {
            return new StartOutcome(
                null, StartProblem.SameGeneration, same.Id, $"Generation {same.Id} of this model answers already, made by the same decoder and arithmetic as this service has.");
        }

        foreach (Generation live in all.Where(g => !g.IsActive && g.State is GenerationState.Filling or GenerationState.Ready))
        {
            bool running = await context.Jobs.AnyAsync(
                j => j.Id == live.JobId && (j.State == JobState.Queued || j.State == JobState.Running), cancellationToken);
            if (running || (live != same && live.State == GenerationState.Ready))
            {
                return new StartOutcome(
                    null,
                    StartProblem.OtherLive,
                    live.Id,
                    running ? $"Job {live.JobId} is at work on generation {live.Id}: wait for it, or cancel it." : $"Generation {live.Id} is ready: activate it, or delete it.");
            }

            if (live != same)
            {
                // Its job was cancelled or has failed.
                switching.Retire(context, live);
            }
        }

        Generation generation = same ?? new Generation
        {
            CollectionId = found.Id,
            ModelId = modelId,
            Decoder = identity.Decoder,
            Arithmetic = identity.Arithmetic,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        };
        (generation.CreatedBy, generation.AutoActivate) = (by, activate == ActivateWhen.WhenBetter);
        if (generation.State != GenerationState.Ready)
        {
            await switching.BeginFillingAsync(context, generation, null, cancellationToken);
        }

        string model = await context.Models.Where(m => m.Id == modelId).Select(m => m.Name).SingleAsync(cancellationToken);
        StoredJob job = await queue.AddAsync(
            context,
            new NewJob(
                GenerationJob.KindName,
                JobLanes.Encoding,
                JsonSerializer.Serialize(new GenerationRequest(generation.Id, model, activate), JobJson.Options),
                by,
                found.Id,
                found.Name),
            cancellationToken);
        generation.JobId = job.Id;
        await context.SaveChangesAsync(cancellationToken);
        return new StartOutcome(JobReader.Record(job));
    }

    /// <summary>Lists the generations of a collection and what answered when.</summary>
    /// <returns>Null when there is no such collection.</returns>
    public async Task<GenerationOverview?> ListAsync(string collection, CancellationToken cancellationToken)
    {
        var read = await database.ReadAsync(
            async (context, token) =>
            {
                int? id = await context.Collections.Where(c => c.Name == collection && c.DeletedAt == null).Select(c => (int?)c.Id).SingleOrDefaultAsync(token);
                var rows = await context.Generations.Where(g => g.CollectionId == id && g.State != GenerationState.Deleted).OrderBy(g => g.Id)
                    .Select(g => new
                    {
                        Generation = g,
                        Codes = context.Codes.LongCount(c => c.GenerationId == g.Id),
                        Items = context.Items.LongCount(i => i.CollectionId == g.CollectionId),
                    }).ToListAsync(token);
                List<SwitchRecord> history = await context.GenerationSwitches.Where(s => s.CollectionId == id).OrderByDescending(s => s.Id).Take(MostHistory)
                    .Select(s => new SwitchRecord(s.FromGenerationId, s.ToGenerationId, s.ToModel, s.CreatedAt, s.By, s.Forced, s.Confirmed, s.Gate)).ToListAsync(token);
                return id is null ? null : new { Rows = rows, History = history };
            },
            cancellationToken);
        if (read is null)
        {
            return null;
        }

        var generations = new List<GenerationRecord>();
        foreach (var row in read.Rows)
        {
            Generation generation = row.Generation;
            generations.Add(new GenerationRecord(
                await follower.DescribeAsync(generation, cancellationToken),
                Progress(generation.State),
                row.Codes,
                row.Items - row.Codes,
                generation.JobId,
                generation.AutoActivate ? ActivateWhen.WhenBetter : ActivateWhen.Never,
                Parse(generation),
                generation.CreatedBy,
                generation.CreatedAt));
        }

        return new GenerationOverview(generations, read.History);
    }

    /// <summary>Lets a generation answer; also the way back to one that answered before.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="generationId">Number of the generation.</param>
    /// <param name="force">Passes a closed gate. Missing pictures cannot be passed.</param>
    /// <param name="confirm">Says that somebody has looked, where nothing could be measured.</param>
    /// <param name="by">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the switch.</param>
    /// <exception cref="NotReadyException">Its index was not loaded in time.</exception>
    public async Task<ActivationOutcome> ActivateAsync(
        string collection, int generationId, bool force, bool confirm, string? by, CancellationToken cancellationToken)
    {
        (ActivationOutcome? outcome, Generation target, int active, bool answeredBefore) = await LookAsync(collection, generationId, cancellationToken);
        if (outcome is not null)
        {
            return outcome;
        }

        // Whoever was there before may always come back.
        GenerationComparison? comparison = Parse(target);
        if (!answeredBefore && CheckGate(comparison, active, generationId, force, confirm) is { } closed)
        {
            return closed;
        }

        if (target.State != GenerationState.Ready && await FillUpAsync(target, cancellationToken) is { } problem)
        {
            return new ActivationOutcome(ActivationStatus.NotCompared, Detail: problem, Comparison: comparison);
        }

        if (!await follower.WaitForGenerationAsync(generationId, LoadTimeout, cancellationToken))
        {
            throw new NotReadyException($"The index of generation {generationId} is not loaded yet; what answered before goes on answering.");
        }

        bool closedGate = !answeredBefore && (comparison?.Against != active || !comparison.Gate.Passes);
        bool needsConfirmation = comparison?.Gate.Reason == GateReason.NoLabels;
        var grounds = new SwitchGrounds(
            by,
            closedGate && force,
            closedGate && needsConfirmation && confirm,
            answeredBefore ? "It answered before." : comparison?.Gate.Detail);
        Change? change = await database.WriteAsync(
            (context, token) => switching.SwitchAsync(context, generationId, active, grounds, token), cancellationToken);
        if (change is null)
        {
            // Somebody else was faster: say what is so now.
            return (await LookAsync(collection, generationId, cancellationToken)).Outcome
                ?? new ActivationOutcome(ActivationStatus.NotCompared, Detail: "Another generation was activated at the same time. Ask again.", Comparison: comparison);
        }

        ulong position = database.PositionOf(change);
        await follower.WaitAsync(position, cancellationToken);
        return new ActivationOutcome(ActivationStatus.Activated, new Position(follower.Epoch, position), Comparison: comparison);
    }

    /// <summary>What a generation lacks to be activated, beside the gate.</summary>
    private async Task<(ActivationOutcome? Outcome, Generation Target, int Active, bool AnsweredBefore)> LookAsync(
        string collection, int generationId, CancellationToken cancellationToken)
    {
        var read = await database.ReadAsync(
            async (context, token) =>
            {
                int? id = await context.Collections.Where(c => c.Name == collection && c.DeletedAt == null).Select(c => (int?)c.Id).SingleOrDefaultAsync(token);
                List<Generation> all = await context.Generations.Where(g => g.CollectionId == id && g.State != GenerationState.Deleted).ToListAsync(token);
                Generation? target = all.Find(g => g.Id == generationId);
                return new
                {
                    HasCollection = id is not null,
                    Target = target,
                    Active = all.Find(g => g.IsActive)?.Id ?? 0,
                    Running = target?.JobId is { } job
                        && await context.Jobs.AnyAsync(j => j.Id == job && (j.State == JobState.Queued || j.State == JobState.Running), token),
                    AnsweredBefore = await context.GenerationSwitches.AnyAsync(s => s.FromGenerationId == generationId, token),
                };
            },
            cancellationToken);
        if (!read.HasCollection)
        {
            return (new ActivationOutcome(ActivationStatus.NoCollection), null!, 0, false);
        }

        if (read.Target is not { } found)
        {
            return (new ActivationOutcome(ActivationStatus.NoGeneration), null!, 0, false);
        }

        if (found.IsActive)
        {
            return (new ActivationOutcome(ActivationStatus.Unchanged, follower.Applied), found, read.Active, read.AnsweredBefore);
        }

        long missing = found.State == GenerationState.Ready ? 0 : await filler.CountMissingAsync(found, cancellationToken);
        string? stands = found.State == GenerationState.Filling && read.Running
            ? $"Job {found.JobId} fills generation {found.Id}, which lacks {missing} pictures: wait for it."
            : missing > MostFilledAtOnce
                ? $"Generation {found.Id} lacks {missing} pictures; up to {MostFilledAtOnce} are filled in at once. POST /collections/{collection}/generations with its model fills it up."
                : null;
        return (
            stands is null ? null : new ActivationOutcome(ActivationStatus.ItemsMissing, Missing: missing, Detail: stands, Comparison: Parse(found)),
            found,
            read.Active,
            read.AnsweredBefore);
    }

    private static ActivationOutcome? CheckGate(GenerationComparison? comparison, int active, int generationId, bool force, bool confirm)
    {
        if (force)
        {
            return null;
        }

        if (comparison?.Against != active)
        {
            return new ActivationOutcome(
                ActivationStatus.NotCompared,
                Detail: $"Generation {generationId} was not compared with generation {active}, which answers now: ask for it again by its model, or send 'force'.",
                Comparison: comparison);
        }

        return comparison.Gate switch
        {
            { Passes: true } => null,
            { Reason: GateReason.NoLabels } => confirm ? null : new ActivationOutcome(ActivationStatus.ConfirmationNeeded, Detail: comparison.Gate.Detail, Comparison: comparison),
            _ => new ActivationOutcome(ActivationStatus.GateClosed, Detail: comparison.Gate.Detail, Comparison: comparison),
        };
    }

    /// <summary>Makes a generation live and complete, of which little is missing.</summary>
    /// <returns>Null, or what stands in the way.</returns>
    private async Task<string?> FillUpAsync(Generation target, CancellationToken cancellationToken)
    {
        if (await filler.CountMissingAsync(target, cancellationToken) > 0 && await filler.CheckIdentityAsync(target, cancellationToken) is { } other)
        {
            return other;
        }

        await database.WriteAsync(
            async (context, token) =>
            {
                if (await switching.LockAsync(context, target.Id, token) is { State: GenerationState.Retired } generation)
                {
                    await switching.BeginFillingAsync(context, generation, null, token);
                }

                return true;
            },
            cancellationToken);
        try
        {
            return await filler.FillInAsync(target, cancellationToken)
                && await database.WriteAsync((context, token) => switching.CompleteAsync(context, target.Id, token), cancellationToken)
                    ? null
                    : $"Generation {target.Id} was deleted or given up while it was filled in. Ask again.";
        }
        catch
        {
            await database.WriteAsync((context, token) => switching.GiveUpAsync(context, target.Id, null, token), CancellationToken.None);
            throw;
        }
    }

    /// <summary>Deletes a generation that does not answer: its codes go afterwards, in small transactions.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="generationId">Number of the generation.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public Task<GenerationDeletion> DeleteAsync(string collection, int generationId, string? by, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            if (!await context.Collections.AnyAsync(c => c.Name == collection && c.DeletedAt == null, token))
            {
                return GenerationDeletion.NoCollection;
            }

            if (await switching.LockAsync(context, generationId, token) is not { } generation || generation.State == GenerationState.Deleted
                || !await context.Collections.AnyAsync(c => c.Id == generation.CollectionId && c.Name == collection, token))
            {
                return GenerationDeletion.NoGeneration;
            }

            if (generation.IsActive)
            {
                return GenerationDeletion.Active;
            }

            if (await context.Jobs.AnyAsync(j => j.Id == generation.JobId && (j.State == JobState.Queued || j.State == JobState.Running), token))
            {
                return GenerationDeletion.Filling;
            }

            generation.State = GenerationState.Deleted;
            switching.Log(context, generation);
            string model = await context.Models.Where(m => m.Id == generation.ModelId).Select(m => m.Name).SingleAsync(token);
            var before = new { Model = model, generation.Decoder, generation.Arithmetic, generation.CreatedBy, generation.CreatedAt };
            AuditTrail.Add(
                context,
                new AuditLine(by, AuditActions.GenerationDeleted, collection, generationId.ToString(CultureInfo.InvariantCulture), before),
                clock.GetUtcNow().UtcDateTime);
            await context.SaveChangesAsync(token);
            return GenerationDeletion.Deleted;
        },
        cancellationToken);

    /// <summary>Removes the codes of deleted generations, and lets go of generations whose job was cancelled or has failed.</summary>
    internal async Task CleanAsync(CancellationToken cancellationToken)
    {
        List<int> deleted = await database.ReadAsync(
            (context, token) => context.Generations.Where(g => g.State == GenerationState.Deleted).Select(g => g.Id).ToListAsync(token), cancellationToken);
        foreach (int generationId in deleted)
        {
            while (await database.WriteAsync((context, token) => RemoveSomeAsync(context, generationId, token), cancellationToken))
            {
            }
        }

        var abandoned = await database.ReadAsync(
            (context, token) => context.Generations.Where(g => g.State == GenerationState.Filling)
                .Join(
                    context.Jobs.Where(j => j.State == JobState.Cancelled || j.State == JobState.Failed), g => g.JobId, j => j.Id, (g, j) => new { g.Id, g.JobId })
                .ToListAsync(token),
            cancellationToken);
        foreach (var generation in abandoned)
        {
            await database.WriteAsync((context, token) => switching.GiveUpAsync(context, generation.Id, generation.JobId, token), cancellationToken);
        }

        // Filled in by an activation whose process is gone: that takes seconds, and these were so a minute ago already.
        List<int> withoutJob = await database.ReadAsync(
            (context, token) => context.Generations.Where(g => g.State == GenerationState.Filling && g.JobId == null).Select(g => g.Id).ToListAsync(token),
            cancellationToken);
        foreach (int generationId in withoutJob.Where(filledIn.Contains))
        {
            await database.WriteAsync((context, token) => switching.GiveUpAsync(context, generationId, null, token), cancellationToken);
        }

        filledIn = [.. withoutJob];
    }

    private static async Task<bool> RemoveSomeAsync(DpfahContext context, int generationId, CancellationToken cancellationToken)
    {
        List<long> numbers = await context.Codes.Where(c => c.GenerationId == generationId).OrderBy(c => c.ItemNumber)
            .Select(c => c.ItemNumber).Take(RemoveBatch).ToListAsync(cancellationToken);
        if (numbers.Count > 0)
        {
            await context.Codes.Where(c => c.GenerationId == generationId && numbers.Contains(c.ItemNumber)).ExecuteDeleteAsync(cancellationToken);
            return true;
        }

        await context.Generations.Where(g => g.Id == generationId).ExecuteDeleteAsync(cancellationToken);
        return false;
    }

    private static GenerationComparison? Parse(Generation generation) =>
        generation.Comparison is null ? null : JsonSerializer.Deserialize<GenerationComparison>(generation.Comparison, JobJson.Options);

    private static GenerationProgress Progress(GenerationState state) => state switch
    {
        GenerationState.Active => GenerationProgress.Active,
        GenerationState.Filling => GenerationProgress.Filling,
        GenerationState.Ready => GenerationProgress.Ready,
        _ => GenerationProgress.Retired,
    };
}
