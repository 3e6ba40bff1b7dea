using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dpfah.Core.Training;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Trains a model: freezes the data, runs the child, stores what came of it.</summary>
internal sealed class TrainingHandler(
    Database database, TrainingItems items, TrainingFeedback feedback, TrainingPictures pictures, TrainingLeftovers leftovers, BlobStore blobs, ModelStore models, ModelCache cache, TrainingProgram program, EngineOptions options, TimeProvider clock)
    : IJobHandler
{
    /// <summary>The kind of the job.</summary>
    public const string JobKind = "training";

    // As the program `dpfah` has them.
    private const int EndedByItself = 1;
    private const int DiskFull = 4;
    private const int SignalBase = 128;
    private static readonly TimeSpan ReportsDelay = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public string Kind => JobKind;

    /// <inheritdoc/>
    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        // Its worker may have ended between the model and the job's end.
        if (await models.FindByJobAsync(run.Id, cancellationToken) is { } made)
        {
            return made;
        }

        TrainingRequest request = run.ReadRequest<TrainingRequest>();
        using var folder = new TrainingFolder(options.DataFolder, run);
        await leftovers.RemoveAsync(cancellationToken);
        ModelInfo? parent = null;
        string? parentDigest = null;
        if (request.Parent is { } name)
        {
            parent = await models.FindAsync(name, cancellationToken)
                ?? throw new JobFailedException($"The model '{name}' to start from is not there any more. Start the training from another one.");
            parentDigest = parent.Description.DigestWith(parent.Digest);
            folder.PutParent(await cache.FetchAsync(parent.Id, cancellationToken));
        }

        TrainingCheckpoint? checkpoint = await PrepareAsync(run, request, folder, cancellationToken);
        folder.WriteOptions(request, parentDigest);
        await TrainAsync(run, folder, checkpoint, cancellationToken);
        return await StoreAsync(run, request, parent, folder, checkpoint, cancellationToken);
    }

    /// <summary>Writes the pictures, and the state that the training is gone on from.</summary>
    private async Task<TrainingCheckpoint?> PrepareAsync(JobRun run, TrainingRequest request, TrainingFolder folder, CancellationToken cancellationToken)
    {
        TrainingCheckpoint? checkpoint = run.ReadCheckpoint<TrainingCheckpoint>();
        if (request.Source.Collection is { } collection)
        {
            int collectionId = run.CollectionId is { } id && await items.FindCollectionAsync(collection, cancellationToken) == id
                ? id
                : throw new JobFailedException($"The collection '{collection}' was deleted.");
            if (checkpoint?.Manifest is not { } manifest || !await pictures.WriteAsync(folder.Data, manifest, collectionId, run, cancellationToken))
            {
                if (checkpoint is not null)
                {
                    await run.ReportAsync(
                        progress => progress.Log("Pictures were changed or deleted since the training began: it begins anew with those of now."), cancellationToken);
                }

                checkpoint = await FreezeAsync(run, request, folder, collectionId, checkpoint, cancellationToken);
            }
        }

        if (checkpoint?.State is { } state)
        {
            await using Stream stored = await blobs.OpenReadAsync(state, cancellationToken);
            await using FileStream copy = File.Create(folder.State);
            await stored.CopyToAsync(copy, cancellationToken);
            await WriteMetricsAsync(run, folder, checkpoint.Epoch, cancellationToken);
        }

        return checkpoint;
    }

    /// <summary>Writes what the epochs of a state did, as the job has told it: the result counts and draws all of them.</summary>
    private async Task WriteMetricsAsync(JobRun run, TrainingFolder folder, int epochs, CancellationToken cancellationToken)
    {
        List<string> told = await database.ReadAsync(
            (context, token) => context.JobEvents.Where(e => e.JobId == run.Id && e.Kind == JobEventKind.Metric)
                .OrderBy(e => e.Seq).Select(e => e.Data).ToListAsync(token),
            cancellationToken);

        // An epoch that was trained more than once was told as often: the last time counts.
        var lines = new SortedDictionary<int, string>();
        foreach (string line in told)
        {
            using JsonDocument report = JsonDocument.Parse(line);
            lines[report.RootElement.GetProperty("epoch").GetInt32()] = line;
        }

        await File.WriteAllLinesAsync(folder.Metrics, lines.Where(line => line.Key <= epochs).Select(line => line.Value), cancellationToken);
    }

    /// <summary>Reads the pictures as they are now, and keeps what they are used for.</summary>
    private async Task<TrainingCheckpoint> FreezeAsync(
        JobRun run, TrainingRequest request, TrainingFolder folder, int collectionId, TrainingCheckpoint? before, CancellationToken cancellationToken)
    {
        DateTime now = clock.GetUtcNow().UtcDateTime;
        List<TrainingItem> read = await items.ReadAsync(collectionId, request, cancellationToken);

        // Two seconds for a million pictures, which are not waited for when the job is to end.
        CollectionPart[] parts = await Task.Run(
            () => CollectionSplit.Make(
                [.. read.Select(item => ((IReadOnlyList<string>)item.Labels, item.Digest))], request.Split.Shares(), request.Split.Seed ?? 0),
            cancellationToken).WaitAsync(cancellationToken);
        try
        {
            TrainingItems.ThrowIfTooFew(read, parts.Count(part => part == CollectionPart.Train), request);
        }
        catch (TrainingRefusedException error)
        {
            throw new JobFailedException(error.Message, error); // It was checked before; the pictures have changed since.
        }

        FeedbackCounts? added = null;
        if (request.Source.UseFeedback)
        {
            (read, parts, added) = await feedback.AddAsync(collectionId, request.Source, read, parts, cancellationToken);
        }

        await pictures.WriteAsync(folder.Data, read, parts, run, cancellationToken);
        BlobInfo manifest;
        await using (FileStream written = File.OpenRead(Path.Combine(folder.Data, CollectionItem.FileName)))
        {
            manifest = await blobs.SpoolAsync(written, CollectionItem.FileName, long.MaxValue, cancellationToken);
        }

        var checkpoint = new TrainingCheckpoint(manifest.Id, null, 0, now, added);
        await KeepAsync(run, checkpoint, manifest.Id, [before?.Manifest, before?.State], cancellationToken);
        return checkpoint;
    }

    /// <summary>Runs the child to its end.</summary>
    private async Task TrainAsync(JobRun run, TrainingFolder folder, TrainingCheckpoint? begun, CancellationToken cancellationToken)
    {
        // One at a time writes under the job: the reader of the child's reports, and who stores its newest state meanwhile.
        using var writing = new SemaphoreSlim(1);
        using var saving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sentences = new System.Collections.Concurrent.ConcurrentQueue<string>();
        TrainingCheckpoint checkpoint = begun ?? new TrainingCheckpoint(null, null, 0, clock.GetUtcNow().UtcDateTime);
        Task save = Task.CompletedTask;
        long told = 0;
        int epochTold = checkpoint.Epoch;
        string stage = "starting";
        await run.ReportAsync(progress => progress.SetStage(stage), cancellationToken);
        int exitCode;
        IReadOnlyList<string> lastLines;
        await using (TrainingChild child = TrainingChild.Start(program, folder.Path, sentences.Enqueue))
        {
            try
            {
                exitCode = await child.RunAsync(OnReportAsync, cancellationToken);
            }
            finally
            {
                await saving.CancelAsync();
                await save.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            lastLines = child.LastLines;
        }

        if (exitCode != 0)
        {
            throw Ended(exitCode, lastLines);
        }

        async Task OnReportAsync(JsonElement report)
        {
            if (report.TryGetProperty("state", out JsonElement state))
            {
                stage = state.GetString()!;
                await WriteAsync(progress => progress.SetStage(stage));
            }
            else if (report.TryGetProperty("epochs", out _))
            {
                await WriteAsync(progress => progress.Metric(report));
                Volatile.Write(ref epochTold, report.GetProperty("epoch").GetInt32());
                if (save.IsCompleted)
                {
                    await save; // Its error, where there is one.
                    save = Task.Run(SaveAsync, CancellationToken.None);
                }
            }
            else if (told == 0 || Stopwatch.GetElapsedTime(told) >= TimeSpan.FromSeconds(1))
            {
                told = Stopwatch.GetTimestamp();
                if (report.TryGetProperty("progress", out JsonElement at))
                {
                    long epoch = at.GetProperty("epoch").GetInt64() - 1, pictures = at.GetProperty("pictures").GetInt64();
                    await WriteAsync(progress => progress.SetStage(
                        stage, (epoch * pictures) + at.GetProperty("picturesDone").GetInt64(), at.GetProperty("epochs").GetInt64() * pictures));
                }
                else if (report.TryGetProperty("step", out JsonElement step))
                {
                    await WriteAsync(progress => progress.SetStage($"{stage}: {step.GetString()}", (long)(100 * report.GetProperty("done").GetDouble()), 100));
                }
            }
        }

        async Task WriteAsync(Action<JobProgress> report)
        {
            await writing.WaitAsync(cancellationToken);
            try
            {
                await run.ReportAsync(
                    progress =>
                    {
                        report(progress);
                        foreach (string sentence in sentences)
                        {
                            progress.Log(sentence);
                        }
                    },
                    cancellationToken);
                sentences.Clear();
            }
            finally
            {
                writing.Release();
            }
        }

        // The file is replaced by another when it is renewed: what is open here stays as it is.
        async Task SaveAsync()
        {
            await using var file = new FileStream(folder.State, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            int epoch = int.Parse(Core.Models.SafetensorsFile.Read(file).Metadata["epoch"], System.Globalization.CultureInfo.InvariantCulture);
            file.Position = 0;
            BlobInfo state = await blobs.SpoolAsync(file, Path.GetFileName(folder.State), long.MaxValue, saving.Token);

            // The child may be an epoch ahead of its reports, and whoever goes on from this state needs those of all its epochs.
            while (Volatile.Read(ref epochTold) < epoch)
            {
                await Task.Delay(ReportsDelay, saving.Token);
            }

            await writing.WaitAsync(saving.Token);
            try
            {
                long? old = checkpoint.State;
                checkpoint = checkpoint with { State = state.Id, Epoch = epoch };
                await KeepAsync(run, checkpoint, state.Id, [old], saving.Token);
            }
            finally
            {
                writing.Release();
            }
        }
    }

    /// <summary>What a child ended of: the job has failed, or only this attempt when another may do better.</summary>
    internal static Exception Ended(int exitCode, IReadOnlyList<string> lastLines)
    {
        string lines = lastLines.Count == 0 ? "It wrote nothing." : $"Its last lines: {string.Join(" | ", lastLines)}";
        return exitCode switch
        {
            DiskFull => new JobFailedException($"The disk is full: free some space and start the training again. {lines}"),
            EndedByItself => new JobFailedException($"The training ended with an error. {lines}"),
            > SignalBase => new InvalidOperationException(
                $"The training's process was ended by signal {exitCode - SignalBase}{(exitCode - SignalBase == 9 ? ", as the system does when memory runs out" : "")}. {lines}"),
            _ => new InvalidOperationException($"The training's process ended with code {exitCode}. {lines}"),
        };
    }

    /// <summary>Makes a blob the job's and tells where to go on, then removes what it takes the place of.</summary>
    private async Task KeepAsync(JobRun run, TrainingCheckpoint checkpoint, long blob, long?[] replaced, CancellationToken cancellationToken)
    {
        await run.WriteAsync(
            async (context, progress, token) =>
            {
                progress.SetCheckpoint(checkpoint);
                return await context.Blobs.Where(b => b.Id == blob).ExecuteUpdateAsync(set => set.SetProperty(b => b.JobId, run.Id), token);
            },
            cancellationToken);
        foreach (long old in replaced.OfType<long>())
        {
            await blobs.DeleteAsync(old, cancellationToken);
        }
    }

    private async Task<string> StoreAsync(
        JobRun run, TrainingRequest request, ModelInfo? parent, TrainingFolder folder, TrainingCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        await run.ReportAsync(progress => progress.SetStage("storing the model"), cancellationToken);
        JsonObject result = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder.Result, "result.json"), cancellationToken))!.AsObject();
        string? manifest = request.Source.Collection is null ? null : TrainingPictures.DigestOf(folder.Data);
        var lineage = new JsonObject
        {
            ["request"] = JsonSerializer.SerializeToNode(request, JobJson.Options),
            ["dataManifest"] = manifest,
            ["frozenAt"] = checkpoint?.FrozenAt,
            ["split"] = result["split"]?.DeepClone(),
            ["counts"] = result["counts"]?.DeepClone(),
            ["feedback"] = Feedback(),
            ["codeVersion"] = result["codeVersion"]?.DeepClone(),
            ["parent"] = parent is null ? null : new JsonObject { ["name"] = parent.Description.Name, ["digest"] = parent.Description.DigestWith(parent.Digest) },
            ["epochs"] = result["epochs"]?.AsArray().Count,
        };
        var told = new JsonObject
        {
            ["model"] = request.Name,
            ["digest"] = result["digest"]?.DeepClone(),
            ["metrics"] = result["metrics"]?.DeepClone(),
            ["parentMetrics"] = result["parentMetrics"]?.DeepClone(),
            ["counts"] = result["counts"]?.DeepClone(),
            ["feedback"] = Feedback(),
            ["warnings"] = result["warnings"]?.DeepClone(),
            ["dataManifest"] = manifest,
        };
        NewModel model = await NewModel.ReadAsync(folder.Model, parent?.Id, run.Id, lineage.ToJsonString(), cancellationToken);
        (string Name, string ContentType, byte[] Bytes)[] figures = await ReadFiguresAsync(folder, manifest is not null, cancellationToken);
        Dictionary<string, ShownPicture> shown = manifest is null ? [] : await ReadShownAsync(folder, figures, cancellationToken);
        string target = request.Source.Collection is { } collection ? $"the held-out pictures of collection '{collection}'" : $"the queries of {request.Source.Dataset}";
        try
        {
            await run.WriteAsync(
                (context, _, token) => models.AddMadeAsync(
                    context, model, run.CollectionId, figures, shown, result["metrics"] is JsonObject { Count: > 0 } ? (target, told.ToJsonString()) : null, told.ToJsonString(), token),
                cancellationToken);
        }
        catch (InvalidDataException error)
        {
            throw new JobFailedException(error.Message, error);
        }

        return told.ToJsonString();

        JsonNode? Feedback() => JsonSerializer.SerializeToNode(checkpoint?.Feedback, JobJson.Options);
    }

    /// <summary>Finds the bytes of what figures show in the list of the pictures that were trained on.</summary>
    private static async Task<Dictionary<string, ShownPicture>> ReadShownAsync(
        TrainingFolder folder, IEnumerable<(string Name, string ContentType, byte[] Bytes)> figures, CancellationToken cancellationToken)
    {
        HashSet<string> ids = FigurePictures.IdsOf(figures.Select(figure => (figure.Name, figure.Bytes)));
        var shown = new Dictionary<string, ShownPicture>(StringComparer.Ordinal);
        await foreach (string line in File.ReadLinesAsync(Path.Combine(folder.Data, CollectionItem.FileName), cancellationToken))
        {
            CollectionItem item = CollectionItem.FromJson(line);
            if (ids.Contains(item.Id))
            {
                shown[item.Id] = new ShownPicture(null, Convert.FromHexString(item.Digest));
            }
        }

        return shown;
    }

    private static async Task<(string Name, string ContentType, byte[] Bytes)[]> ReadFiguresAsync(
        TrainingFolder folder, bool withManifest, CancellationToken cancellationToken)
    {
        var figures = new List<(string, string, byte[])>();
        foreach (string path in Directory.EnumerateFiles(folder.Result).Order(StringComparer.Ordinal))
        {
            string type = Path.GetExtension(path) switch { ".svg" => "image/svg+xml", ".png" => "image/png", _ => "application/json" };
            figures.Add((Path.GetFileName(path), type, await File.ReadAllBytesAsync(path, cancellationToken)));
        }

        if (withManifest)
        {
            figures.Add(await TrainedPictures.PackAsync(Path.Combine(folder.Data, CollectionItem.FileName), cancellationToken));
        }

        return [.. figures];
    }
}
