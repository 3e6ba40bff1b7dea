using System.Security.Cryptography;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Blobs;

/// <summary>
/// Files in the database, in chunks, so that every node sees them and one backup holds them: uploads that wait for their job,
/// checkpoints of a training. A blob belongs to a job and goes with its end; one that no job has taken within an hour goes too.
/// </summary>
public sealed class BlobStore
{
    /// <summary>Bytes of each chunk but the last.</summary>
    internal const int ChunkBytes = 1 << 20;

    /// <summary>The name of what strangers sent, which <see cref="SpoolLimit"/> counts.</summary>
    internal const string Upload = "upload";

    private const int ChunksAtOnce = 64;
    private static readonly TimeSpan Unclaimed = TimeSpan.FromHours(1);

    private readonly Database database;
    private readonly TimeProvider clock;

    internal BlobStore(Database database, TimeProvider clock)
    {
        this.database = database;
        this.clock = clock;
    }

    /// <summary>Stores a stream, a chunk at a time; when it breaks off, what was stored of it is removed.</summary>
    /// <param name="source">Read to its end.</param>
    /// <param name="name">A name, for people; <see cref="Upload"/> for what counts against <paramref name="room"/>.</param>
    /// <param name="limit">Most bytes that are taken.</param>
    /// <param name="cancellationToken">Breaks off.</param>
    /// <param name="room">What it must fit under together with all others; null for what the service stores for itself.</param>
    /// <exception cref="BlobTooLargeException">The stream is longer.</exception>
    /// <exception cref="SpoolFullException">There is no room for more.</exception>
    public async Task<BlobInfo> SpoolAsync(
        Stream source, string name, long limit, CancellationToken cancellationToken, SpoolLimit? room = null)
    {
        long id = await CreateAsync(name, cancellationToken);
        try
        {
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var chunk = new byte[ChunkBytes];
            long length = 0;
            for (int number = 0; ; number++)
            {
                int count = await source.ReadAtLeastAsync(chunk, chunk.Length, throwOnEndOfStream: false, cancellationToken);
                length += count;
                if (length > limit)
                {
                    throw new BlobTooLargeException(limit);
                }

                if (count > 0)
                {
                    await (room?.CheckAsync(count, cancellationToken) ?? Task.CompletedTask);
                    digest.AppendData(chunk, 0, count);
                    await AddChunkAsync(id, number, chunk[..count], length, cancellationToken);
                }

                if (count < chunk.Length)
                {
                    break;
                }
            }

            byte[] sha256 = digest.GetHashAndReset();
            await database.WriteAsync(
                (context, token) => context.Blobs.Where(b => b.Id == id).ExecuteUpdateAsync(set => set.SetProperty(b => b.Sha256, sha256), token),
                cancellationToken);
            return new BlobInfo(id, name, length, Convert.ToHexStringLower(sha256));
        }
        catch
        {
            await TryDeleteAsync(id);
            throw;
        }
    }

    private async Task<long> CreateAsync(string name, CancellationToken cancellationToken) => await database.WriteAsync(
        async (context, token) =>
        {
            var blob = new StoredBlob { Name = name, CreatedAt = clock.GetUtcNow().UtcDateTime };
            context.Blobs.Add(blob);
            await context.SaveChangesAsync(token);
            return blob.Id;
        },
        cancellationToken);

    private Task<int> AddChunkAsync(long id, int number, byte[] bytes, long length, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            context.BlobChunks.Add(new StoredBlobChunk { BlobId = id, Number = number, Bytes = bytes });
            await context.SaveChangesAsync(token);

            // An upload that takes hours is not one that nobody takes.
            DateTime now = clock.GetUtcNow().UtcDateTime;
            return await context.Blobs.Where(b => b.Id == id).ExecuteUpdateAsync(
                set => set.SetProperty(b => b.Length, length).SetProperty(b => b.CreatedAt, now), token);
        },
        cancellationToken);

    /// <summary>Finds a blob that is complete.</summary>
    public Task<BlobInfo?> FindAsync(long id, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) => await context.Blobs.SingleOrDefaultAsync(b => b.Id == id && b.Sha256 != null, token) is { } blob
            ? new BlobInfo(blob.Id, blob.Name, blob.Length, Convert.ToHexStringLower(blob.Sha256!))
            : null,
        cancellationToken);

    /// <summary>Opens a blob.</summary>
    /// <param name="id">The blob.</param>
    /// <param name="cancellationToken">Gives up; later on, ends reads that name no token of their own.</param>
    /// <returns>A stream that can seek; it holds one chunk in memory.</returns>
    /// <exception cref="FileNotFoundException">There is no such blob, or it is not complete.</exception>
    public async Task<Stream> OpenReadAsync(long id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } blob
            ? new BlobStream(database, blob, cancellationToken)
            : throw new FileNotFoundException($"The file {id} is not in the database any more: it goes with the end of its job.");

    /// <summary>Deletes a blob, in small transactions.</summary>
    public async Task DeleteAsync(long id, CancellationToken cancellationToken)
    {
        while (await database.WriteAsync((context, token) => DeleteSomeAsync(context, id, token), cancellationToken))
        {
        }
    }

    /// <summary>Removes the blobs of jobs that have ended, and those that no job took.</summary>
    internal async Task RemoveUnusedAsync(CancellationToken cancellationToken)
    {
        DateTime before = clock.GetUtcNow().UtcDateTime - Unclaimed;
        List<long> unused = await database.ReadAsync(
            (context, token) => context.Blobs
                .Where(b => (b.JobId == null && b.CreatedAt < before) || context.Jobs.Any(j => j.Id == b.JobId && j.State >= JobState.Succeeded))
                .Select(b => b.Id).ToListAsync(token),
            cancellationToken);
        foreach (long id in unused)
        {
            await DeleteAsync(id, cancellationToken);
        }
    }

    private static async Task<bool> DeleteSomeAsync(DpfahContext context, long id, CancellationToken cancellationToken)
    {
        int last = await context.BlobChunks.Where(c => c.BlobId == id).MaxAsync(c => (int?)c.Number, cancellationToken) ?? -1;

        // From the end: what is left is the beginning, and the next attempt goes on.
        await context.BlobChunks.Where(c => c.BlobId == id && c.Number > last - ChunksAtOnce).ExecuteDeleteAsync(cancellationToken);
        if (last >= ChunksAtOnce)
        {
            return true;
        }

        await context.Blobs.Where(b => b.Id == id).ExecuteDeleteAsync(cancellationToken);
        return false;
    }

    private async Task TryDeleteAsync(long id)
    {
        try
        {
            await DeleteAsync(id, CancellationToken.None);
        }
        catch (Exception)
        {
            // The database is away or full; housekeeping removes it later. The caller hears what came first.
        }
    }
}
