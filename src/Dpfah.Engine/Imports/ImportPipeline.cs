using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Dpfah.Engine.Data;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Imports;

/// <summary>
/// Keeps the encoder full: entries are read ahead, looked up a chunk at a time and prepared in parallel; what is ready is handed on in
/// the upload's order, in batches that fit a short transaction. Where there are other nodes, those prepare some of the chunks.
/// </summary>
internal sealed class ImportPipeline(Database database, EntryPreparer preparer, CodeMakers makers)
{
    /// <summary>Most entries of a batch.</summary>
    public const int BatchEntries = 500;

    // A process that dies soon has got somewhere.
    private const int FirstBatchEntries = 50;

    // While a batch is written, as many as come meanwhile wait prepared.
    private const int EntriesAhead = 1024;
    private const long BytesAhead = 128 << 20;
    private const long BatchBytes = 32 << 20;
    private const int ChunkEntries = 64;
    private const long ChunkBytes = 4 << 20;

    private static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);

    /// <summary>Most entries that may have been at work when a process was lost, behind the last that was written.</summary>
    public const int MostAtWork = BatchEntries + EntriesAhead + (2 * ChunkEntries);

    /// <summary>Prepares an entry with nothing beside it.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="dryRun">Whether the picture is only checked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PreparedEntry> PrepareAsync(ImportEntry entry, int collectionId, bool dryRun, CancellationToken cancellationToken)
    {
        (IReadOnlyList<int> modelIds, Dictionary<string, KnownItem> known) = await LookUpAsync(collectionId, [entry], cancellationToken);
        PreparedEntry prepared = Begin(entry, known);
        await preparer.PrepareAsync(prepared, modelIds, dryRun, cancellationToken);
        return prepared;
    }

    /// <summary>Prepares entries for another node.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="modelIds">Models whose codes are wanted.</param>
    /// <param name="dryRun">Whether pictures are only checked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PreparedEntry[]> PrepareAsync(
        List<ImportEntry> entries, int collectionId, IReadOnlyList<int> modelIds, bool dryRun, CancellationToken cancellationToken)
    {
        (_, Dictionary<string, KnownItem> known) = await LookUpAsync(collectionId, entries, cancellationToken);
        PreparedEntry[] prepared = [.. entries.Select(entry => Begin(entry, known))];
        await Task.WhenAll(prepared.Select(entry => Task.Run(() => preparer.PrepareAsync(entry, modelIds, dryRun, cancellationToken), cancellationToken)));
        return prepared;
    }

    /// <summary>Runs until all entries are written.</summary>
    /// <param name="entries">The entries; those to be passed over have been.</param>
    /// <param name="first">Number of the first of them in the upload, from 0.</param>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="dryRun">Whether pictures are only checked.</param>
    /// <param name="shared">Has other nodes prepare some of them.</param>
    /// <param name="write">Writes a batch.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="UnreadableUploadException">The upload cannot be read any further; all before was written.</exception>
    public async Task RunAsync(
        IAsyncEnumerable<ImportEntry> entries,
        long first,
        int collectionId,
        bool dryRun,
        SharedParts shared,
        Func<IReadOnlyList<PreparedEntry>, Task> write,
        CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = Channel.CreateBounded<Task<PreparedEntry>>(EntriesAhead);
        var budget = new ByteBudget(BytesAhead);
        Task reading = Task.Run(() => ReadAsync(entries, first, collectionId, dryRun, shared, budget, ahead.Writer, ending.Token), CancellationToken.None);
        try
        {
            await CollectAsync(ahead.Reader, budget, write, cancellationToken);
        }
        finally
        {
            await ending.CancelAsync();
            await reading;
        }
    }

    /// <summary>Reads and starts to prepare; tells how it ended through the channel.</summary>
    private async Task ReadAsync(
        IAsyncEnumerable<ImportEntry> entries,
        long first,
        int collectionId,
        bool dryRun,
        SharedParts shared,
        ByteBudget budget,
        ChannelWriter<Task<PreparedEntry>> ahead,
        CancellationToken cancellationToken)
    {
        var chunk = new List<ImportEntry>(ChunkEntries);
        long bytes = 0;
        try
        {
            await foreach (ImportEntry entry in entries.WithCancellation(cancellationToken))
            {
                long length = entry.Bytes?.Length ?? 0;
                if (chunk.Count == ChunkEntries || bytes + length > ChunkBytes)
                {
                    await StartAsync();
                }

                await budget.TakeAsync(length, cancellationToken);
                chunk.Add(entry);
                bytes += length;
            }

            await StartAsync();
            ahead.Complete();
        }
        catch (InvalidDataException error)
        {
            // What was read before the damage is imported; where that cannot even begin, it is what is told.
            try
            {
                await TryStartAsync();
                ahead.Complete(new UnreadableUploadException(error.Message, error));
            }
            catch (Exception other)
            {
                ahead.TryComplete(other);
            }
        }
        catch (Exception error)
        {
            ahead.Complete(error);
        }

        async Task StartAsync()
        {
            if (chunk.Count == 0)
            {
                return;
            }

            (IReadOnlyList<int> modelIds, Dictionary<string, KnownItem> known) = await LookUpAsync(collectionId, chunk, cancellationToken);
            PreparedEntry[] all = [.. chunk.Select(entry => Begin(entry, known))];
            Task? together = await shared.HasOthersAsync(cancellationToken)
                ? ShareAsync(shared, new ImportPart(first, all.Length, await makers.OfAsync(dryRun ? [] : modelIds, cancellationToken)), all, modelIds)
                : null;
            foreach (PreparedEntry prepared in all)
            {
                Task<PreparedEntry> task = together is null
                    ? Task.Run(() => PrepareAsync(prepared, modelIds, dryRun, budget, cancellationToken), cancellationToken)
                    : AfterAsync(together, prepared);
                await ahead.WriteAsync(task, cancellationToken);
            }

            first += all.Length;
            chunk.Clear();
            bytes = 0;
        }

        Task ShareAsync(SharedParts parts, ImportPart part, PreparedEntry[] all, IReadOnlyList<int> modelIds)
        {
            PreparedEntry[] left = all;
            return parts.ComputeAsync(
                JsonSerializer.Serialize(part, JobJson.Options),
                () => Task.WhenAll(left.Select(
                    prepared => Task.Run(() => PrepareAsync(prepared, modelIds, dryRun, budget, cancellationToken), cancellationToken))),
                output => (left = Adopt(left, output, budget)).Length == 0,
                cancellationToken);
        }

        static async Task<PreparedEntry> AfterAsync(Task together, PreparedEntry prepared)
        {
            await together;
            return prepared;
        }

        async Task TryStartAsync()
        {
            try
            {
                await StartAsync();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Nobody waits for them any more.
            }
        }
    }

    private async Task<PreparedEntry> PrepareAsync(
        PreparedEntry prepared, IReadOnlyList<int> modelIds, bool dryRun, ByteBudget budget, CancellationToken cancellationToken)
    {
        await preparer.PrepareAsync(prepared, modelIds, dryRun, cancellationToken);
        Release(prepared, budget);
        return prepared;
    }

    private static PreparedEntry[] Adopt(PreparedEntry[] entries, byte[] output, ByteBudget budget)
    {
        PreparedEntry[] left = ImportPartEntry.Adopt(entries, output);
        foreach (PreparedEntry prepared in entries.Except(left))
        {
            Release(prepared, budget);
        }

        return left;
    }

    private static void Release(PreparedEntry prepared, ByteBudget budget)
    {
        if (prepared.Bytes is null || prepared.Rejection is not null)
        {
            budget.Release(prepared.Entry.Bytes?.Length ?? 0);
        }
    }

    private static PreparedEntry Begin(ImportEntry entry, Dictionary<string, KnownItem> known) =>
        new(entry) { Known = entry.Id is null ? null : known.GetValueOrDefault(entry.Id) };

    private Task<(IReadOnlyList<int> ModelIds, Dictionary<string, KnownItem> Known)> LookUpAsync(
        int collectionId, List<ImportEntry> chunk, CancellationToken cancellationToken)
    {
        string[] ids = [.. chunk.Where(entry => entry.Id is not null && entry.Rejection is null).Select(entry => entry.Id!)];
        return database.ReadAsync<(IReadOnlyList<int>, Dictionary<string, KnownItem>)>(
            async (context, token) =>
            {
                if (!await context.Collections.AnyAsync(c => c.Id == collectionId && c.DeletedAt == null, token))
                {
                    throw new JobFailedException("The collection was deleted while the import ran.");
                }

                LiveGenerations live = await LiveGenerations.ReadAsync(context, collectionId, token);
                return (live.ModelIds, await context.Items.Where(i => i.CollectionId == collectionId && ids.Contains(i.PublicId))
                    .ToDictionaryAsync(i => i.PublicId, i => new KnownItem(i.ContentDigest, i.Labels, i.Metadata), token));
            },
            cancellationToken);
    }

    private static async Task CollectAsync(
        ChannelReader<Task<PreparedEntry>> ahead,
        ByteBudget budget,
        Func<IReadOnlyList<PreparedEntry>, Task> write,
        CancellationToken cancellationToken)
    {
        var batch = new List<PreparedEntry>(BatchEntries);
        long held = 0, since = 0;
        int most = FirstBatchEntries;
        Task<PreparedEntry?> pending = NextAsync(ahead, cancellationToken);
        while (true)
        {
            if (batch.Count > 0 && !pending.IsCompleted)
            {
                TimeSpan left = BatchTime - Stopwatch.GetElapsedTime(since);
                if (left <= TimeSpan.Zero || await Task.WhenAny(pending, Task.Delay(left, cancellationToken)) != pending)
                {
                    await WriteAsync();
                    continue;
                }
            }

            PreparedEntry? next;
            try
            {
                next = await pending;
            }
            catch (UnreadableUploadException)
            {
                await WriteAsync();
                throw;
            }

            if (next is null)
            {
                await WriteAsync();
                return;
            }

            since = batch.Count == 0 ? Stopwatch.GetTimestamp() : since;
            batch.Add(next);
            held += next.Bytes?.Length ?? 0;
            if (batch.Count == most || held > BatchBytes)
            {
                await WriteAsync();
            }

            pending = NextAsync(ahead, cancellationToken);
        }

        async Task WriteAsync()
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (batch.Count == 0)
            {
                return;
            }

            // What holds its bytes until it is written; the writer may make its preview and drop them.
            long toRelease = batch.Where(entry => entry.Bytes is not null && entry.Rejection is null).Sum(entry => (long)(entry.Entry.Bytes?.Length ?? 0));
            await write(batch);
            budget.Release(toRelease);
            batch.Clear();
            (held, most) = (0, BatchEntries);
        }
    }

    private static async Task<PreparedEntry?> NextAsync(ChannelReader<Task<PreparedEntry>> ahead, CancellationToken cancellationToken) =>
        await ahead.WaitToReadAsync(cancellationToken) && ahead.TryRead(out Task<PreparedEntry>? task) ? await task : null;
}
