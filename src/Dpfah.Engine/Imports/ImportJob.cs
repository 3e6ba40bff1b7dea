using System.Runtime.CompilerServices;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Imports.Fetching;
using Dpfah.Engine.Imports.Sources;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Dpfah.Engine.Search;

namespace Dpfah.Engine.Imports;

/// <summary>Imports an upload: the pictures of an archive, of lines, or of a feed.</summary>
internal sealed class ImportJob(
    Database database,
    BlobStore blobs,
    ImportPipeline pipeline,
    SlowImport slowly,
    ImportWriter writer,
    ItemRemoval removal,
    PictureFetcher fetcher,
    PartBoard board,
    IndexFollower follower,
    EngineOptions options) : IJobHandler
{
    /// <summary>The kind of the job.</summary>
    public const string KindName = "import";

    /// <summary>Pictures in a row that could not be fetched, after which a feed is given up.</summary>
    private const int MaxFailedFetches = 100;

    public string Kind => KindName;

    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        ImportRequest request = run.ReadRequest<ImportRequest>();
        ImportCheckpoint checkpoint = run.ReadCheckpoint<ImportCheckpoint>() ?? new ImportCheckpoint(0, 0);
        if (run.WasLost)
        {
            checkpoint = await NoteLossAsync(run, checkpoint.AfterLoss(), cancellationToken);
        }

        var reading = new Reading(checkpoint);
        await using Stream upload = await OpenAsync(request, cancellationToken);
        IAsyncEnumerable<ImportEntry> entries = Note(
            ImportSource.ReadAsync(
                upload, request.Format, request.Labels, reading.Ids, number => number < checkpoint.Entries, options.DataFolder, ImportLimits.Default, cancellationToken),
            reading,
            cancellationToken);
        await using IAsyncEnumerator<ImportEntry>? few = checkpoint.Pace == ImportPace.Normal ? null : entries.GetAsyncEnumerator(cancellationToken);
        try
        {
            if (few is not null)
            {
                Task Write(IReadOnlyList<PreparedEntry> batch) => WriteAsync(run, request, reading, batch, cancellationToken);
                await slowly.RunAsync(run, request, checkpoint, few, Write, cancellationToken);
                reading.Pace = ImportPace.Normal;
            }

            await using var shared = new SharedParts(board, run);
            await pipeline.RunAsync(
                few is null ? entries : RestOf(few, cancellationToken),
                reading.Written,
                run.CollectionId!.Value,
                request.DryRun,
                shared,
                batch => WriteAsync(run, request, reading, batch, cancellationToken),
                cancellationToken);
            if (shared.Summary is { } summary)
            {
                await run.ReportAsync(progress => progress.Log(summary), cancellationToken);
            }
        }
        catch (UnreadableUploadException error)
        {
            throw new JobFailedException(
                reading.Written == 0
                    ? $"The upload cannot be read, it may be damaged or cut off: {error.Message}"
                    : $"The upload cannot be read any further behind entry {reading.Written:N0}{(reading.Last is null ? "" : $", '{reading.Last}'")}: {error.Message} What was indexed before stays.",
                error);
        }

        if (reading.Written == 0)
        {
            throw new JobFailedException("The upload has no pictures.");
        }

        long deleted = request.Mode == ImportMode.Replace
            ? await ReplaceAsync(run, request, reading, new ImportCheckpoint(reading.Written, checkpoint.Deleted), cancellationToken)
            : 0;
        ulong position = await database.ReadAsync(database.VisiblePositionAsync, cancellationToken);
        var result = new ImportResult(deleted, request.DryRun, new Position(follower.Epoch, position).ToString());
        return System.Text.Json.JsonSerializer.Serialize(result, JobJson.Options);
    }

    private async Task<Stream> OpenAsync(ImportRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await blobs.OpenReadAsync(request.Blob, cancellationToken);
        }
        catch (FileNotFoundException error)
        {
            throw new JobFailedException(error.Message, error);
        }
    }

    /// <summary>Passes over what was written before, and notes what the end of the import needs to know.</summary>
    private async IAsyncEnumerable<ImportEntry> Note(
        IAsyncEnumerable<ImportEntry> entries, Reading reading, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long number = 0;
        await foreach (ImportEntry entry in entries.WithCancellation(cancellationToken))
        {
            reading.WithoutId += entry.Id is null ? 1 : 0;
            if (entry.Url is not null && fetcher.IsOff)
            {
                throw new JobFailedException(
                    "Fetching pictures is off: the hosts from which they may come are named by the setting Dpfah:ImportHosts.");
            }

            if (number++ >= reading.Skip)
            {
                yield return entry;
            }
        }
    }

    /// <summary>Notes that a process was lost, before anything may lose this one.</summary>
    private static async Task<ImportCheckpoint> NoteLossAsync(JobRun run, ImportCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.Lost > SlowImport.MaxLostAtOne)
        {
            throw new JobFailedException(
                $"The process that ran this import was lost {checkpoint.Lost + 2} times without progress in between: see the log of the service for its end.");
        }

        await run.ReportAsync(
            progress =>
            {
                progress.SetStage(StageOf(checkpoint.Pace), checkpoint.Entries);
                progress.SetCheckpoint(checkpoint);
            },
            cancellationToken);
        return checkpoint;
    }

    private static string StageOf(ImportPace pace) => pace switch
    {
        ImportPace.Normal => "importing",
        ImportPace.Few => "importing a few at a time, since a process was lost",
        _ => "importing one by one, since a process was lost again",
    };

    private static async IAsyncEnumerable<ImportEntry> RestOf(
        IAsyncEnumerator<ImportEntry> entries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await entries.MoveNextAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entries.Current;
        }
    }

    private async Task WriteAsync(
        JobRun run, ImportRequest request, Reading reading, IReadOnlyList<PreparedEntry> batch, CancellationToken cancellationToken)
    {
        long written = reading.Written + batch.Count;
        void Next(JobProgress progress)
        {
            progress.SetStage(StageOf(reading.Pace), written);
            progress.SetCheckpoint(new ImportCheckpoint(written, 0, reading.Pace));
        }

        await (request.DryRun
            ? ImportWriter.TellAsync(run, batch, Next, cancellationToken)
            : writer.WriteAsync(run, batch, Next, cancellationToken));
        (reading.Written, reading.Last) = (written, batch[^1].Entry.Item);
        foreach (PreparedEntry entry in batch.Where(entry => entry.Entry.Url is not null))
        {
            reading.FailedFetches = entry.Rejection?.Code == RejectionCodes.NotFetched ? reading.FailedFetches + 1 : 0;
            if (reading.FailedFetches == MaxFailedFetches)
            {
                throw new JobFailedException(
                    $"The last {MaxFailedFetches} pictures could not be fetched, so the rest of the feed was given up and nothing was deleted. The last reason: {entry.Rejection!.Reason}");
            }
        }
    }

    private Task<long> ReplaceAsync(
        JobRun run, ImportRequest request, Reading reading, ImportCheckpoint checkpoint, CancellationToken cancellationToken) =>
        reading.WithoutId > 0
            ? throw new JobFailedException(
                $"{reading.WithoutId:N0} entries have no id that can be read (GET /jobs/{run.Id}/errors names them), so that it is not known what the upload lacks: nothing was deleted.")
            : removal.RunAsync(run, request, reading.Ids, checkpoint, cancellationToken);

    /// <summary>What is known of an upload while it is read and written.</summary>
    private sealed class Reading(ImportCheckpoint begin)
    {
        /// <summary>Entries that an earlier run wrote.</summary>
        public long Skip { get; } = begin.Entries;

        /// <summary>How many entries are at work at once.</summary>
        public ImportPace Pace { get; set; } = begin.Pace;

        /// <summary>Entries that are written.</summary>
        public long Written { get; set; } = begin.Entries;

        /// <summary>Name of the last one of this run; null before.</summary>
        public string? Last { get; set; }

        /// <summary>Ids of the upload.</summary>
        public IdSet Ids { get; } = new();

        /// <summary>Entries without an id that can be read.</summary>
        public long WithoutId { get; set; }

        /// <summary>Pictures in a row that could not be fetched.</summary>
        public int FailedFetches { get; set; }
    }
}
