using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Blobs;

/// <summary>
/// Keeps what is stored of uploads until their work is done under <see cref="EngineOptions.SpooledBytes"/>: files in the database, those of
/// all nodes, and temporary files of this one. What jobs store for themselves, such as checkpoints, takes no room from uploads.
/// </summary>
/// <remarks>What others store at the same moment is not seen before it is committed: a chunk of 1 MiB of each upload at most.</remarks>
public sealed class SpoolLimit
{
    private readonly Database database;
    private readonly EngineOptions options;
    private long temporary;

    internal SpoolLimit(Database database, EngineOptions options)
    {
        this.database = database;
        this.options = options;
    }

    /// <summary>Makes sure that there is room for more bytes in the database.</summary>
    /// <exception cref="SpoolFullException">There is none.</exception>
    public async Task CheckAsync(long bytes, CancellationToken cancellationToken)
    {
        long stored = await database.ReadAsync((context, token) => context.Blobs.Where(blob => blob.Name == BlobStore.Upload).SumAsync(blob => blob.Length, token), cancellationToken);
        long all = stored + Interlocked.Read(ref temporary) + bytes;
        if (all > options.SpooledBytes)
        {
            throw new SpoolFullException(all, options.SpooledBytes);
        }
    }

    /// <summary>Takes room for temporary files of this node, until it is disposed.</summary>
    /// <exception cref="SpoolFullException">There is none.</exception>
    public async Task<IDisposable> HoldAsync(long bytes, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref temporary, bytes);
        var hold = new Hold(this, bytes);
        try
        {
            await CheckAsync(0, cancellationToken);
            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    private sealed class Hold(SpoolLimit limit, long bytes) : IDisposable
    {
        private long held = bytes;

        public void Dispose() => Interlocked.Add(ref limit.temporary, -Interlocked.Exchange(ref held, 0));
    }
}
