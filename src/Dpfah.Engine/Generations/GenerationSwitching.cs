using System.Globalization;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Brings generations from one state into another: each change with its log row, and alone with the collection.</summary>
internal sealed class GenerationSwitching(Database database, TimeProvider clock)
{
    /// <summary>Makes a generation live: from now on every write hashes into it as well.</summary>
    /// <param name="context">In a transaction that has locked the collection.</param>
    /// <param name="generation">New, or tracked by the context.</param>
    /// <param name="jobId">The job that fills it; null when the caller does.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task BeginFillingAsync(DpfahContext context, Generation generation, long? jobId, CancellationToken cancellationToken)
    {
        (generation.State, generation.JobId) = (GenerationState.Filling, jobId);
        if (generation.Id == 0)
        {
            context.Generations.Add(generation);
            await context.SaveChangesAsync(cancellationToken);
        }

        Log(context, generation);
        await context.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Says that a generation lacks nothing any more: its index is loaded beside the one that answers.</summary>
    /// <returns>False when it is not being filled any more, and not complete either.</returns>
    public async Task<bool> CompleteAsync(DpfahContext context, int generationId, CancellationToken cancellationToken)
    {
        if (await LockAsync(context, generationId, cancellationToken) is not { } generation)
        {
            return false;
        }

        if (generation.State == GenerationState.Filling)
        {
            generation.State = GenerationState.Ready;
            Log(context, generation);
            await context.SaveChangesAsync(cancellationToken);
        }

        return generation.State == GenerationState.Ready;
    }

    /// <summary>Lets uploads pass a generation by again, of which nobody knows any more when it will be complete.</summary>
    /// <param name="context">In a transaction.</param>
    /// <param name="generationId">The generation.</param>
    /// <param name="jobId">The job that has filled it; when it is another's by now nothing happens.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<bool> GiveUpAsync(DpfahContext context, int generationId, long? jobId, CancellationToken cancellationToken)
    {
        if (await LockAsync(context, generationId, cancellationToken) is not { State: GenerationState.Filling } generation || generation.JobId != jobId)
        {
            return false;
        }

        Retire(context, generation);
        await context.SaveChangesAsync(cancellationToken);
        return true;
    }

    /// <summary>The same in a transaction that has locked the collection; the caller saves.</summary>
    public void Retire(DpfahContext context, Generation generation)
    {
        generation.State = GenerationState.Retired;
        Log(context, generation);
    }

    /// <summary>Switches a collection to a complete generation: searches and codes are of the one until the log row is applied, and of the other from then on.</summary>
    /// <param name="context">In a transaction.</param>
    /// <param name="generationId">The generation to switch to.</param>
    /// <param name="from">The generation that answers, as far as the caller knows.</param>
    /// <param name="grounds">Goes into the history.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The log row; null when the one is not ready any more, or the other does not answer any more.</returns>
    public async Task<Change?> SwitchAsync(
        DpfahContext context, int generationId, int from, SwitchGrounds grounds, CancellationToken cancellationToken)
    {
        if (await LockAsync(context, generationId, cancellationToken) is not { State: GenerationState.Ready } next)
        {
            return null;
        }

        Generation old = await context.Generations.AsTracking().SingleAsync(g => g.CollectionId == next.CollectionId && g.IsActive, cancellationToken);
        if (old.Id != from)
        {
            return null;
        }

        old.IsActive = false;
        Retire(context, old);

        // Before the other: a collection has one active generation at most, by an index that is checked row by row.
        await context.SaveChangesAsync(cancellationToken);
        (next.IsActive, next.State, next.AutoActivate) = (true, GenerationState.Active, false);
        DateTime now = clock.GetUtcNow().UtcDateTime;
        string model = await ModelOfAsync(context, next, cancellationToken);
        context.GenerationSwitches.Add(new GenerationSwitch
        {
            CollectionId = next.CollectionId,
            FromGenerationId = old.Id,
            ToGenerationId = next.Id,
            ToModel = model,
            By = grounds.By,
            Forced = grounds.Forced,
            Confirmed = grounds.Confirmed,
            Gate = grounds.Gate,
            CreatedAt = now,
        });
        var line = new AuditLine(
            grounds.By,
            AuditActions.GenerationActivated,
            await context.Collections.Where(c => c.Id == next.CollectionId).Select(c => c.Name).SingleAsync(cancellationToken),
            next.Id.ToString(CultureInfo.InvariantCulture),
            new { Generation = old.Id, Model = await ModelOfAsync(context, old, cancellationToken) },
            new { Generation = next.Id, Model = model, grounds.Forced, grounds.Confirmed, grounds.Gate },
            grounds.JobId);
        AuditTrail.Add(context, line, now);
        Change change = Log(context, next);
        await context.SaveChangesAsync(cancellationToken);
        return change;
    }

    private static Task<string> ModelOfAsync(DpfahContext context, Generation generation, CancellationToken cancellationToken) =>
        context.Models.Where(m => m.Id == generation.ModelId).Select(m => m.Name).SingleAsync(cancellationToken);

    /// <summary>Reads a generation of a collection that is not deleted, alone with the collection.</summary>
    public async Task<Generation?> LockAsync(DpfahContext context, int generationId, CancellationToken cancellationToken)
    {
        int? collectionId = await context.Generations.Where(g => g.Id == generationId)
            .Join(context.Collections.Where(c => c.DeletedAt == null), g => g.CollectionId, c => c.Id, (g, c) => (int?)c.Id)
            .SingleOrDefaultAsync(cancellationToken);
        if (collectionId is null)
        {
            return null;
        }

        await database.LockCollectionAsync(context, collectionId.Value, cancellationToken);

        // Read behind the lock: as it is, not as it was.
        return await context.Generations.AsTracking().SingleOrDefaultAsync(g => g.Id == generationId, cancellationToken);
    }

    /// <summary>Adds the log row of a change; the caller saves.</summary>
    public Change Log(DpfahContext context, Generation generation)
    {
        var change = new Change
        {
            CollectionId = generation.CollectionId,
            GenerationId = generation.Id,
            Kind = ChangeKind.GenerationChanged,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        };
        context.Changes.Add(change);
        return change;
    }
}

/// <summary>Who switched, and why that was allowed.</summary>
/// <param name="By">Name of the key that asked for it; null without keys.</param>
/// <param name="Forced">Whether it was forced although the gate was closed.</param>
/// <param name="Confirmed">Whether somebody confirmed what could not be measured.</param>
/// <param name="Gate">What the gate said.</param>
/// <param name="JobId">The job that switches; null when the caller does.</param>
internal sealed record SwitchGrounds(string? By, bool Forced, bool Confirmed, string? Gate, long? JobId = null);
