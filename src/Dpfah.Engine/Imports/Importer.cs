using System.Globalization;
using System.Text.Json;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Imports;

/// <summary>Takes uploads in and queues their imports.</summary>
public sealed class Importer
{
    private readonly Database database;
    private readonly BlobStore blobs;
    private readonly SpoolLimit room;
    private readonly JobQueue queue;
    private readonly EngineOptions options;

    internal Importer(Database database, BlobStore blobs, SpoolLimit room, JobQueue queue, EngineOptions options)
    {
        this.database = database;
        this.blobs = blobs;
        this.room = room;
        this.queue = queue;
        this.options = options;
    }

    /// <summary>Spools an upload into the database, with its digest, and queues its import.</summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="upload">Read to its end.</param>
    /// <param name="contentType">What the sender calls it, without parameters; null for nothing.</param>
    /// <param name="importOptions">How it is to be imported.</param>
    /// <param name="createdBy">Name of the key that asks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before all of it was read; what was spooled is removed.</param>
    /// <exception cref="BlobTooLargeException">The upload is longer than <see cref="EngineOptions.ImportBytes"/>.</exception>
    /// <exception cref="SpoolFullException">Uploads that wait take <see cref="EngineOptions.SpooledBytes"/> already, or would with this one.</exception>
    public async Task<ImportStart> StartAsync(
        string collection, Stream upload, string? contentType, ImportOptions importOptions, string? createdBy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        ArgumentNullException.ThrowIfNull(importOptions);
        var known = await database.ReadAsync(
            (context, token) => context.Collections.Where(c => c.Name == collection && c.DeletedAt == null)
                .Select(c => new { c.Id, LastItem = context.Items.Where(i => i.CollectionId == c.Id).Max(i => (long?)i.Number) ?? 0 })
                .SingleOrDefaultAsync(token),
            cancellationToken);
        if (known is null)
        {
            return new ImportStart(ImportStartStatus.NoCollection);
        }

        var head = new byte[ImportFormats.HeadBytes];
        int length = await upload.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (length == 0)
        {
            return new ImportStart(ImportStartStatus.Empty);
        }

        if (ImportFormats.Detect(head.AsSpan(0, length), contentType) is not { } format)
        {
            return new ImportStart(ImportStartStatus.UnknownFormat);
        }

        await using var whole = new PrefixedStream(head.AsMemory(0, length), upload);
        BlobInfo blob = await blobs.SpoolAsync(whole, BlobStore.Upload, options.ImportBytes, cancellationToken, room);
        var request = new ImportRequest(
            blob.Id, format, blob.Length, blob.Sha256, importOptions.Labels, importOptions.Mode, importOptions.DryRun, known.LastItem);
        var job = new NewJob(
            ImportJob.KindName, JobLanes.Encoding, JsonSerializer.Serialize(request, JobJson.Options), createdBy, known.Id, collection);

        // Whoever has sent all of it gets a job: an upload is never left without one.
        return new ImportStart(
            ImportStartStatus.Queued, await queue.EnqueueAsync(job, [blob.Id], CancellationToken.None, (context, added) => Tell(context, added, request)));
    }

    private static void Tell(DpfahContext context, StoredJob job, ImportRequest request)
    {
        var after = new { request.Format, request.Bytes, request.Sha256, request.Mode, request.Labels, request.DryRun };
        string id = job.Id.ToString(CultureInfo.InvariantCulture);
        AuditTrail.Add(context, new AuditLine(job.CreatedBy, AuditActions.ImportBegun, job.CollectionName, id, After: after, JobId: job.Id), job.CreatedAt);
    }
}

/// <summary>What became of an upload.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Job">The job, when it was queued.</param>
public sealed record ImportStart(ImportStartStatus Status, JobRecord? Job = null);

/// <summary>What became of an upload.</summary>
public enum ImportStartStatus
{
    /// <summary>Its import is queued.</summary>
    Queued,

    /// <summary>There is no such collection.</summary>
    NoCollection,

    /// <summary>It has no bytes.</summary>
    Empty,

    /// <summary>It is of no format that can be imported.</summary>
    UnknownFormat,
}
