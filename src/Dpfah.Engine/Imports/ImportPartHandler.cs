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
    public IPartReader Begin(PartOrder first) => new Reader(
        this,
        JsonSerializer.Deserialize<ImportRequest>(first.Request, JobJson.Options) ?? throw new CannotHelpException("its request is empty."),
        first.CollectionId ?? throw new CannotHelpException("it names no collection."));

    private sealed class Reader(ImportPartHandler handler, ImportRequest request, int collectionId) : IPartReader
    {
        private readonly CancellationTokenSource ending = new();
        private Stream? upload;
        private IAsyncEnumerator<ImportEntry>? entries;
        private long next;
        private long from;

        public async Task<Func<Task<byte[]>>> ReadAsync(PartOrder part, CancellationToken cancellationToken)
        {
            ImportPart input = JsonSerializer.Deserialize<ImportPart>(part.Input, JobJson.Options)!;
            await handler.makers.CheckAsync(input.Makers, cancellationToken);
            if (input.First < next)
            {
                throw new InvalidDataException($"Entry {input.First} was read before; the next one is {next}.");
            }

            from = input.First;
            entries ??= await OpenAsync();
            var some = new List<ImportEntry>(input.Count);
            while (some.Count < input.Count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!await entries.MoveNextAsync())
                {
                    throw new InvalidDataException($"The upload has {next} entries here, and more on the node that runs the job.");
                }

                if (next++ >= from)
                {
                    some.Add(entries.Current);
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

        private async Task<IAsyncEnumerator<ImportEntry>> OpenAsync()
        {
            upload = await handler.blobs.OpenReadAsync(request.Blob, ending.Token);
            return ImportSource.ReadAsync(
                upload, request.Format, request.Labels, new IdSet(), number => number < from, handler.options.DataFolder, ImportLimits.Default, ending.Token)
                .GetAsyncEnumerator(ending.Token);
        }
    }
}
