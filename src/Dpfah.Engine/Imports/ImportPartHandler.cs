using System.Text.Json;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Imports.Fetching;
using Dpfah.Engine.Imports.Sources;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;

namespace Dpfah.Engine.Imports;

/// <summary>Prepares entries of imports that other nodes run: it reads the upload as they do, and unpacks what it is to prepare.</summary>
internal sealed class ImportPartHandler(
    BlobStore blobs, ImportPipeline pipeline, CodeMakers makers, PictureFetcher fetcher, EngineOptions options) : IPartHandler
{
    private readonly BlobStore blobs = blobs;
    private readonly ImportPipeline pipeline = pipeline;
    private readonly CodeMakers makers = makers;
    private readonly PictureFetcher fetcher = fetcher;
    private readonly EngineOptions options = options;

    /// <inheritdoc/>
    public string Kind => ImportJob.KindName;

    /// <inheritdoc/>
    public IPartReader Begin(PartJob job) => new Reader(
        this,
        JsonSerializer.Deserialize<ImportRequest>(job.Request, JobJson.Options) ?? throw new CannotHelpException("its request is empty."),
        job.CollectionId ?? throw new CannotHelpException("it names no collection."));

    private sealed class Reader(ImportPartHandler handler, ImportRequest request, int collectionId) : IPartReader
    {
        /// <summary>Pictures in a row that this node could not fetch, after which it is taken for the one that cannot.</summary>
        private const int MaxFailedFetches = 10;

        private readonly CancellationTokenSource ending = new();
        private readonly Lock gate = new();
        private Stream? upload;
        private IAsyncEnumerator<ImportEntry>? entries;

        // The entry that comes next, whether it has been read already, and the first one whose bytes are wanted.
        private long next;
        private bool isRead;
        private long from;
        private int failedFetches;

        public async Task OpenAsync(CancellationToken cancellationToken)
        {
            await using CancellationTokenRegistration end = cancellationToken.UnsafeRegister(_ => ending.Cancel(), null);
            upload = await handler.blobs.OpenReadAsync(request.Blob, ending.Token);
            entries = ImportSource.ReadAsync(
                upload, request.Format, request.Labels, new IdSet(), number => number < from, handler.options.DataFolder, ImportLimits.Default, ending.Token)
                .GetAsyncEnumerator(ending.Token);

            // All that comes before the first entry: an archive is searched for its manifest, to the end where it has none.
            isRead = await entries.MoveNextAsync();
        }

        public async Task<Func<Task<byte[]>>?> ReadAsync(PartOrder part, CancellationToken cancellationToken)
        {
            ImportPart input = JsonSerializer.Deserialize<ImportPart>(part.Input, JobJson.Options) ?? throw new CannotHelpException("a part of it is empty.");
            await handler.makers.CheckAsync(input.Makers, cancellationToken);
            if (input.First < next)
            {
                return null;
            }

            from = input.First;
            var some = new List<ImportEntry>(input.Count);
            while (some.Count < input.Count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!isRead && !await entries!.MoveNextAsync())
                {
                    throw new InvalidDataException($"The upload has {next} entries here, and more on the node that runs the job.");
                }

                isRead = false;
                if (next++ >= from)
                {
                    some.Add(entries!.Current);
                }
            }

            if (handler.fetcher.IsOff && some.Exists(entry => entry.Url is not null))
            {
                throw new CannotHelpException("fetching pictures is off on this node (Dpfah:ImportHosts).");
            }

            return async () =>
            {
                PreparedEntry[] prepared = await handler.pipeline.PrepareAsync(
                    some, collectionId, [.. input.Makers.Select(maker => maker.ModelId)], request.DryRun, cancellationToken);
                CheckFetched(prepared);
                return JsonSerializer.SerializeToUtf8Bytes(prepared.Select(ImportPartEntry.Of), JobJson.Options);
            };
        }

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            if (entries is not null)
            {
                await entries.DisposeAsync();
            }

            if (upload is not null)
            {
                await upload.DisposeAsync();
            }

            ending.Dispose();
        }

        private void CheckFetched(PreparedEntry[] prepared)
        {
            lock (gate)
            {
                foreach (PreparedEntry entry in prepared.Where(entry => entry.Entry.Url is not null))
                {
                    failedFetches = entry.Rejection?.Code == RejectionCodes.NotFetched ? failedFetches + 1 : 0;
                    if (failedFetches == MaxFailedFetches)
                    {
                        throw new CannotHelpException($"the last {MaxFailedFetches} pictures could not be fetched from here. The last reason: {entry.Rejection!.Reason}");
                    }
                }
            }
        }
    }
}
