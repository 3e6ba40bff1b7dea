using System.Runtime.CompilerServices;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Imports.Fetching;
using Dpfah.Engine.Imports.Sources;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Imports;

/// <summary>Imports an upload: the pictures of an archive, of lines, or of a feed.</summary>
/// <remarks>
/// A picture may end the process, where a library of native code has a fault. When a process was lost, the pictures that may have been at
/// work are taken a few at a time; when that loses another, one by one; and the one at which two more are lost is refused.
/// </remarks>
internal sealed class ImportJob(
    Database database,
    BlobStore blobs,
    ImportPipeline pipeline,
    ImportWriter writer,
    ItemRemoval removal,
    PictureFetcher fetcher,
    IndexFollower follower,
    EngineOptions options) : IJobHandler
{
    /// <summary>The kind of the job.</summary>
    public const string KindName = "import";

    /// <summary>Pictures in a row that could not be fetched, after which a feed is given up.</summary>
    private const int MaxFailedFetches = 100;

    /// <summary>Pictures that have ended a process, after which an upload is given up.</summary>
    private const int MaxLost = 5;

    private const int Few = 50;

    private const string Stage = "importing";
    private const string FewStage = "importing a few at a time, since a process was lost";
    private const string OneByOneStage = "importing one by one, since a process was lost again";

    public string Kind => KindName;

    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        ImportRequest request = run.ReadRequest<ImportRequest>();
        ImportCheckpoint checkpoint = run.ReadCheckpoint<ImportCheckpoint>() ?? new ImportCheckpoint(0, 0);
        var reading = new Reading(checkpoint.Entries);

        // What was being done when the last process was lost, if one was.
        (string Stage, int AtOnce, int Most)? slowly = (run.Attempt, run.Stage) switch
        {
            (> 1, null or Stage) => (FewStage, Few, ImportPipeline.MostAtWork),
            (> 1, FewStage or OneByOneStage) => (OneByOneStage, 1, Few),
            _ => null,
        };
        bool isSuspect = run.Attempt == JobClaims.MaxAttempts && run.Stage == OneByOneStage;
        await using Stream upload = await OpenAsync(request, cancellationToken);
        IAsyncEnumerable<ImportEntry> entries = Note(
            ImportSource.ReadAsync(
                upload, request.Format, request.Labels, reading.Ids, checkpoint.Entries, options.DataFolder, ImportLimits.Default, cancellationToken),
            reading,
            cancellationToken);
        await using IAsyncEnumerator<ImportEntry>? slow = slowly is not null ? entries.GetAsyncEnumerator(cancellationToken) : null;
        try
        {
            if (slow is not null && slowly is var (stage, atOnce, most))
            {
                reading.Stage = stage;
                await EnterAsync(run, reading, checkpoint, cancellationToken);
                await RunSlowlyAsync(run, request, reading, slow, atOnce, most, isSuspect, cancellationToken);
                reading.Stage = Stage;
            }

            await pipeline.RunAsync(
                slow is null ? entries : RestOf(slow, cancellationToken),
                run.CollectionId!.Value,
                request.DryRun,
                batch => WriteAsync(run, request, reading, batch, cancellationToken),
                cancellationToken);
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
            ? await ReplaceAsync(run, request, reading, checkpoint with { Entries = reading.Written }, cancellationToken)
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

    /// <summary>Notes that fewer entries are at work from now on; a worker that finds this noted tries it as often as any other.</summary>
    private static async Task EnterAsync(JobRun run, Reading reading, ImportCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        if (run.Stage != reading.Stage)
        {
            await run.ReportAsync(
                progress =>
                {
                    progress.SetStage(reading.Stage, reading.Written);
                    progress.SetCheckpoint(checkpoint);
                },
                cancellationToken);
        }
    }

    /// <summary>Imports entries that may have been at work in a process that was lost, few at a time.</summary>
    /// <param name="run">The import.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="reading">Told what was written.</param>
    /// <param name="entries">Moved on.</param>
    /// <param name="atOnce">Entries that are at work at once; all are written before the next.</param>
    /// <param name="most">Entries to import.</param>
    /// <param name="isSuspect">Whether two processes were lost at the first of them, at work on nothing else.</param>
    /// <param name="cancellationToken">Stops.</param>
    private async Task RunSlowlyAsync(
        JobRun run,
        ImportRequest request,
        Reading reading,
        IAsyncEnumerator<ImportEntry> entries,
        int atOnce,
        int most,
        bool isSuspect,
        CancellationToken cancellationToken)
    {
        var some = new List<ImportEntry>(atOnce);
        for (int i = 0; i < most && await MoveAsync(entries); i++)
        {
            some.Add(i == 0 && isSuspect ? await RefuseAsync(run, entries.Current, cancellationToken) : entries.Current);
            if (some.Count == atOnce)
            {
                await WriteAsync();
            }
        }

        await WriteAsync();

        async Task WriteAsync()
        {
            if (some.Count > 0)
            {
                PreparedEntry[] prepared = await Task.WhenAll(
                    some.Select(entry => pipeline.PrepareAsync(entry, run.CollectionId!.Value, request.DryRun, cancellationToken)));
                await this.WriteAsync(run, request, reading, prepared, cancellationToken);
                some.Clear();
            }
        }
    }

    /// <summary>Refuses an entry that ends processes.</summary>
    private async Task<ImportEntry> RefuseAsync(JobRun run, ImportEntry entry, CancellationToken cancellationToken)
    {
        await ThrowIfTooManyAsync(run, cancellationToken);
        return ImportEntry.Rejected(
            entry.Item,
            entry.Id,
            RejectionCodes.LostProcess,
            "The service's process was lost twice while it was at work on this picture alone. The file may be made to harm it: keep it, and tell who maintains the service.");
    }

    private async Task ThrowIfTooManyAsync(JobRun run, CancellationToken cancellationToken)
    {
        int lost = await database.ReadAsync(
            (context, token) => context.JobRejections.CountAsync(r => r.JobId == run.Id && r.Code == RejectionCodes.LostProcess, token), cancellationToken);
        if (lost >= MaxLost)
        {
            throw new JobFailedException(
                $"{lost} pictures of the upload ended the service's process (GET /jobs/{run.Id}/errors names them), and the next does: the rest was given up.");
        }
    }

    private static async Task<bool> MoveAsync(IAsyncEnumerator<ImportEntry> entries)
    {
        try
        {
            return await entries.MoveNextAsync();
        }
        catch (InvalidDataException error)
        {
            throw new UnreadableUploadException(error.Message, error);
        }
    }

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
            progress.SetStage(reading.Stage, written);
            progress.SetCheckpoint(new ImportCheckpoint(written, 0));
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
    private sealed class Reading(long skip)
    {
        /// <summary>Entries that an earlier run wrote.</summary>
        public long Skip { get; } = skip;

        /// <summary>What is being done.</summary>
        public string Stage { get; set; } = ImportJob.Stage;

        /// <summary>Entries that are written.</summary>
        public long Written { get; set; } = skip;

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
