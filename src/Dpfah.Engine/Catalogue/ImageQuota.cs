using System.Collections.Concurrent;
using System.Diagnostics;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Catalogue;

/// <summary>Keeps collections from growing over <see cref="EngineOptions.ImagesPerCollection"/>, whoever writes at once on whatever node.</summary>
/// <remarks>
/// Those that add to a collection wait for each other, and count by the change log alone: what was folded out of it, and the rows that it
/// has. Rows below the horizon are summed once and remembered, so that each count reads the newest rows only.
/// </remarks>
internal sealed class ImageQuota(Database database, EngineOptions options)
{
    // Counted anew from the whole log now and then: a server that crashed gives positions a second time.
    private static readonly TimeSpan TimeToRemember = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<int, CountAt> counted = new();

    /// <summary>Makes sure, in the transaction that adds it and before it is added, that there is room for a picture.</summary>
    /// <exception cref="QuotaExceededException">There is none.</exception>
    public async Task CheckAsync(DpfahContext context, LiveGenerations live, string collection, CancellationToken cancellationToken)
    {
        if (await RoomAsync(context, live, cancellationToken) < 1)
        {
            throw new QuotaExceededException(collection, options.ImagesPerCollection);
        }
    }

    /// <summary>How many pictures may be added in a transaction that has written nothing to the log yet; nobody else takes that room before it ends.</summary>
    public async Task<long> RoomAsync(DpfahContext context, LiveGenerations live, CancellationToken cancellationToken)
    {
        if (options.ImagesPerCollection == 0)
        {
            return long.MaxValue;
        }

        await database.LockQuotaAsync(context, live.CollectionId, cancellationToken);
        return options.ImagesPerCollection - await CountAsync(context, live, cancellationToken);
    }

    private async Task<long> CountAsync(DpfahContext context, LiveGenerations live, CancellationToken cancellationToken)
    {
        // Before the rows are read: each row below it is committed by now and therefore visible to the statement that sums them.
        LogHorizon horizon = await database.ReadHorizonAsync(context, cancellationToken);
        if (counted.TryGetValue(live.CollectionId, out CountAt? known) && IsGood(known, live.Active.Id, horizon)
            && await SumAsync(context, live.Active.Id, known.Horizon, horizon.Position, cancellationToken) is var since
            && since.TrimmedBelow <= known.Horizon)
        {
            counted[live.CollectionId] = known with { Horizon = horizon.Position, Items = known.Items + since.Below };
            return known.Items + since.Below + since.Above;
        }

        LogCount all = await SumAsync(context, live.Active.Id, 0, horizon.Position, cancellationToken);
        if (all.TrimmedBelow <= horizon.Position)
        {
            counted[live.CollectionId] = new CountAt(live.Active.Id, horizon.Position, horizon.Recovery, all.Trimmed + all.Below, Stopwatch.GetTimestamp());
        }

        return all.Trimmed + all.Below + all.Above;
    }

    private static bool IsGood(CountAt known, int generation, LogHorizon horizon) =>
        known.Generation == generation && known.Horizon <= horizon.Position && (horizon.Recovery is null || horizon.Recovery == known.Recovery)
        && Stopwatch.GetElapsedTime(known.Time) < TimeToRemember;

    /// <summary>Sums in one statement: rows that are folded meanwhile are counted once.</summary>
    private async Task<LogCount> SumAsync(DpfahContext context, int generation, ulong from, ulong horizon, CancellationToken cancellationToken)
    {
        IQueryable<Change> below = database.Changes(context, from, horizon).Where(change => change.GenerationId == generation);
        IQueryable<Change> above = database.Changes(context, horizon, ulong.MaxValue).Where(change => change.GenerationId == generation);
        var sums = await context.Generations.Where(g => g.Id == generation)
            .Select(g => new
            {
                g.TrimmedCount,
                TrimmedBelow = context.DatabaseInfo.Select(info => info.TrimmedBelow).Single(),
                Below = below.Sum(change => (long)change.CountDelta),
                Above = above.Sum(change => (long)change.CountDelta),
            })
            .SingleAsync(cancellationToken);
        return new LogCount(sums.TrimmedCount, (ulong)sums.TrimmedBelow, sums.Below, sums.Above);
    }

    /// <param name="Trimmed">Items by the rows that were folded out of the log.</param>
    /// <param name="TrimmedBelow">All of these lie below this position.</param>
    /// <param name="Below">Items by rows below the horizon.</param>
    /// <param name="Above">Items by rows from the horizon on.</param>
    private readonly record struct LogCount(long Trimmed, ulong TrimmedBelow, long Below, long Above);

    /// <param name="Generation">The generation that was counted.</param>
    /// <param name="Horizon">All its rows below this position count, and no others.</param>
    /// <param name="Recovery">The server's last start that was known.</param>
    /// <param name="Items">How many they say.</param>
    /// <param name="Time">When the whole log was summed.</param>
    private sealed record CountAt(int Generation, ulong Horizon, string? Recovery, long Items, long Time);
}
