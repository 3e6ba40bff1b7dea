using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Fills a generation, compares it with the one that answers and, where that was asked for, activates it when it is better.</summary>
internal sealed class GenerationJob(
    Database database,
    GenerationFiller filler,
    GenerationSwitching switching,
    GenerationComparer comparer,
    PartBoard board,
    IndexFollower follower) : IJobHandler
{
    /// <summary>The kind of these jobs.</summary>
    public const string KindName = "generation";

    // Its index is loaded meanwhile: a minute for tens of millions of codes.
    private static readonly TimeSpan LoadTimeout = TimeSpan.FromMinutes(15);

    // Batches that are hashed, or wait for that, here and on other nodes: some 16 MB of previews.
    private const int BatchesAhead = 12;

    private static readonly TimeSpan LoadPatience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        GenerationRequest request = run.ReadRequest<GenerationRequest>();
        Generation generation = await FindAsync(request, cancellationToken);
        if (generation is { State: GenerationState.Active, Comparison: { } compared })
        {
            // The attempt before this one came as far as that, and could not say so.
            return Result(generation, true, JsonSerializer.Deserialize<GenerationComparison>(compared, JobJson.Options)!);
        }

        if (generation.State == GenerationState.Filling)
        {
            await FillAsync(run, generation, cancellationToken);
            if (!await run.WriteAsync((context, _, token) => switching.CompleteAsync(context, generation.Id, token), cancellationToken))
            {
                throw Gone(request);
            }
        }

        if (await CompareAsync(run, request, generation, cancellationToken) is not { } comparison)
        {
            await run.ReportAsync(
                progress => progress.Log("The collection is spread over shards, where generations are not compared. Activate it with {\"force\": true}, or bring the collection back to every node first (POST reshard with {\"shards\": 0})."),
                cancellationToken);
            return Result(generation, false, null);
        }

        bool activated = request.Activate == ActivateWhen.WhenBetter && comparison.Gate is { Passes: true, IsBetter: true }
            && await ActivateAsync(run, request, comparison, cancellationToken);
        return Result(generation, activated, comparison);
    }

    private static string Result(Generation generation, bool activated, GenerationComparison? comparison) =>
        JsonSerializer.Serialize(new GenerationResult(generation.Id, activated, comparison), JobJson.Options);

    private async Task<bool> IsInShardsAsync(Generation generation, CancellationToken cancellationToken) => follower.HasShards && await database.ReadAsync(
        (context, token) => context.Collections.AnyAsync(c => c.Id == generation.CollectionId && c.Shards > 0, token), cancellationToken);

    private async Task<Generation> FindAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        Generation? generation = await database.ReadAsync(
            (context, token) => context.Generations.Where(g => g.Id == request.Generation)
                .Join(context.Collections.Where(c => c.DeletedAt == null), g => g.CollectionId, c => c.Id, (g, c) => g).SingleOrDefaultAsync(token),
            cancellationToken);
        return generation is { State: GenerationState.Filling or GenerationState.Ready or GenerationState.Active } ? generation : throw Gone(request);
    }

    private static JobFailedException Gone(GenerationRequest request) =>
        new($"Generation {request.Generation} was deleted or given up, or its collection was deleted.");

    private async Task FillAsync(JobRun run, Generation generation, CancellationToken cancellationToken)
    {
        if (await filler.CheckIdentityAsync(generation, cancellationToken) is { } other)
        {
            throw new JobFailedException(other);
        }

        int collectionId = generation.CollectionId;
        long total = await database.ReadAsync(
            (context, token) => context.Items.LongCountAsync(i => i.CollectionId == collectionId, token), cancellationToken);
        long missing = await filler.CountMissingAsync(generation, cancellationToken);
        await run.ReportAsync(progress => progress.SetStage("hashing", total - missing, total), cancellationToken);

        // From the checkpoint to the end; and from the start as often as something turns up that was being changed when it was its turn.
        var refused = new HashSet<long>();
        await using var shared = new SharedParts(board, run);
        long after = run.ReadCheckpoint<FillCheckpoint>()?.After ?? 0;
        while (true)
        {
            bool wasWhole = after == 0;
            if (!await FillFromAsync(run, generation, shared, after, refused, cancellationToken) && wasWhole)
            {
                break;
            }

            after = 0;
        }

        if (shared.Summary is { } summary)
        {
            await run.ReportAsync(progress => progress.Log(summary), cancellationToken);
        }

        if (refused.Count > 0)
        {
            throw new JobFailedException(
                $"{refused.Count} pictures could not be hashed, so that generation {generation.Id} is not complete: GET /jobs/{run.Id}/errors names them. "
                + "Replace or delete them, and ask for the generation again.");
        }
    }

    /// <summary>One pass. Reading runs ahead and writing behind, so that the encoder always has work; other nodes hash some of it.</summary>
    /// <returns>Whether anything was missing that was not refused before.</returns>
    private async Task<bool> FillFromAsync(
        JobRun run, Generation generation, SharedParts shared, long after, HashSet<long> refused, CancellationToken cancellationToken)
    {
        bool any = false;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<(long Last, List<PreviewToHash> Wanted, Task<(ImageCode? Code, string? Problem)[]> Hashing)>();
        Task<List<PreviewToHash>>? reading = filler.ReadAsync(generation, after, ending.Token);
        Task writing = Task.CompletedTask;
        try
        {
            while (true)
            {
                bool hasOthers = await shared.HasOthersAsync(cancellationToken);
                int most = hasOthers ? BatchesAhead : 1;
                while (reading is not null && ahead.Count < most)
                {
                    List<PreviewToHash> previews = await reading;
                    reading = previews.Count == 0 ? null : filler.ReadAsync(generation, previews[^1].Number, ending.Token);
                    if (previews.Count > 0)
                    {
                        List<PreviewToHash> missing = previews.FindAll(preview => !refused.Contains(preview.Number));
                        ahead.Enqueue((previews[^1].Number, missing, HashAsync(generation, hasOthers ? shared : null, missing, ending.Token)));
                    }
                }

                if (!ahead.TryPeek(out (long Last, List<PreviewToHash> Wanted, Task<(ImageCode? Code, string? Problem)[]> Hashing) first))
                {
                    break;
                }

                (long last, List<PreviewToHash> wanted, _) = first;
                (ImageCode? Code, string? Problem)[] hashed = await first.Hashing;
                ahead.Dequeue();
                await writing;
                refused.UnionWith(wanted.Where((_, i) => hashed[i].Code is null).Select(preview => preview.Number));
                writing = WriteAsync(run, generation, last, wanted, hashed, cancellationToken);
                any |= wanted.Count > 0;
            }
        }
        finally
        {
            // None of them may go on when this method has ended, and after a failure nobody waits for what was read ahead.
            await ending.CancelAsync();
            await Task.WhenAll([reading ?? Task.CompletedTask, writing, .. ahead.Select(batch => batch.Hashing)])
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await writing;
        return any;
    }

    private async Task<(ImageCode? Code, string? Problem)[]> HashAsync(
        Generation generation, SharedParts? shared, List<PreviewToHash> previews, CancellationToken cancellationToken)
    {
        (ImageCode? Code, string? Problem)[]? hashed = null;
        async Task HashHereAsync() => hashed = await filler.HashAsync(generation.ModelId, previews, cancellationToken);
        if (previews.Count == 0 || shared is null)
        {
            await HashHereAsync();
            return hashed!;
        }

        string part = JsonSerializer.Serialize(new FillPart(previews[0].Number, previews[^1].Number), JobJson.Options);
        await shared.ComputeAsync(part, HashHereAsync, output => (hashed = FillPartItem.Read(previews, output)) is not null, cancellationToken);
        return hashed!;
    }

    private async Task WriteAsync(
        JobRun run,
        Generation generation,
        long last,
        List<PreviewToHash> previews,
        (ImageCode? Code, string? Problem)[] hashed,
        CancellationToken cancellationToken)
    {
        List<(PreviewToHash, ImageCode)> codes = [.. previews.Zip(hashed).Where(x => x.Second.Code is not null).Select(x => (x.First, x.Second.Code!))];
        int? written = await run.WriteAsync(
            async (context, progress, token) =>
            {
                int? count = await filler.WriteAsync(context, generation, codes, token);
                foreach ((PreviewToHash preview, (_, string? problem)) in previews.Zip(hashed).Where(x => x.Second.Code is null))
                {
                    progress.Reject(preview.PublicId, "not-hashed", problem!);
                }

                // What was changed meanwhile was hashed by whoever changed it, or is by a later pass.
                progress.Count(accepted: (count ?? 0) + previews.Count - codes.Count, indexed: count ?? 0);
                progress.SetStage("hashing", progress.Done + count, Math.Max(progress.Total ?? 0, (progress.Done ?? 0) + (count ?? 0)));
                progress.SetCheckpoint(new FillCheckpoint(last));
                return count;
            },
            cancellationToken);
        if (written is null)
        {
            throw new JobFailedException($"Generation {generation.Id} was deleted or given up while it was filled.");
        }
    }

    /// <returns>Null when the collection is spread over shards: each node of a cluster has a part of the codes of both, none has all of them.</returns>
    private async Task<GenerationComparison?> CompareAsync(JobRun run, GenerationRequest request, Generation generation, CancellationToken cancellationToken)
    {
        await run.ReportAsync(progress => progress.SetStage("comparing"), cancellationToken);
        if (await LoadedAsync(request, generation, cancellationToken) is not (CollectionIndex active, CollectionIndex candidate))
        {
            return null;
        }

        GenerationComparison comparison = await comparer.RunAsync(active, candidate, cancellationToken);
        await run.WriteAsync(
            async (context, progress, token) =>
            {
                string json = JsonSerializer.Serialize(comparison, JobJson.Options);
                await context.Generations.Where(g => g.Id == request.Generation)
                    .ExecuteUpdateAsync(set => set.SetProperty(g => g.Comparison, json), token);
                progress.Metric(new { overlap = comparison.Queries.Overlap, map = comparison.HeldOut?.WithTrainingPictures.Map });
                progress.Log(comparison.Gate.Detail);
                return true;
            },
            cancellationToken);
        return comparison;
    }

    /// <summary>The indexes of both generations, once this node has them in memory.</summary>
    /// <returns>Null when the collection is spread over shards, or was while this waited.</returns>
    private async Task<(CollectionIndex Active, CollectionIndex Candidate)?> LoadedAsync(
        GenerationRequest request, Generation generation, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (Environment.TickCount64 - start < LoadTimeout.TotalMilliseconds)
        {
            if (await IsInShardsAsync(generation, cancellationToken))
            {
                return null;
            }

            await follower.WaitForGenerationAsync(request.Generation, LoadPatience, cancellationToken);
            if (follower.FindStandby(request.Generation) is { } candidate && follower.Find(candidate.Name) is { } active
                && active.CollectionId == candidate.CollectionId)
            {
                return (active, candidate);
            }

            // Deleted, given up, or activated by somebody who did not wait.
            if ((await FindAsync(request, cancellationToken)).State == GenerationState.Active)
            {
                throw new JobFailedException($"Generation {request.Generation} was activated before it was compared.");
            }
        }

        throw new TimeoutException($"The index of generation {request.Generation} was not loaded within {LoadTimeout.TotalMinutes:0} minutes; the service's log says why.");
    }

    private async Task<bool> ActivateAsync(JobRun run, GenerationRequest request, GenerationComparison comparison, CancellationToken cancellationToken)
    {
        await run.ReportAsync(progress => progress.SetStage("activating"), cancellationToken);
        var grounds = new SwitchGrounds(run.CreatedBy, false, false, comparison.Gate.Detail, run.Id);
        Change? change = await run.WriteAsync(
            (context, _, token) => switching.SwitchAsync(context, request.Generation, comparison.Against, grounds, token), cancellationToken);
        if (change is not null)
        {
            // It is done: a cancel that comes now comes too late, and must not hide that.
            await ((Task)follower.WaitAsync(database.PositionOf(change), cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return change is not null;
    }
}

/// <summary>What a job of this kind is to do.</summary>
/// <param name="Generation">Number of the generation.</param>
/// <param name="Model">Name of its model.</param>
/// <param name="Activate">What becomes of it when it is complete.</param>
internal sealed record GenerationRequest(int Generation, string Model, ActivateWhen Activate);

/// <summary>What came of it.</summary>
/// <param name="Generation">Number of the generation.</param>
/// <param name="Activated">Whether the job activated it.</param>
/// <param name="Comparison">How it compares with the one that answered; null in a collection that is spread over shards.</param>
internal sealed record GenerationResult(int Generation, bool Activated, GenerationComparison? Comparison);

/// <summary>Where the filling goes on.</summary>
/// <param name="After">Item number up to which all was looked at.</param>
internal sealed record FillCheckpoint(long After);
