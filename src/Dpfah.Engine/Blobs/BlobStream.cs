using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Blobs;

/// <summary>Reads a blob, chunk by chunk; it can seek, as readers of zip archives must.</summary>
/// <param name="database">Where it is.</param>
/// <param name="blob">The blob; it is complete.</param>
/// <param name="ending">Ends reads that know no token: the directory of an archive may take thousands of them.</param>
internal sealed class BlobStream(Database database, BlobInfo blob, CancellationToken ending) : Stream
{
    private byte[] chunk = [];
    private int chunkNumber = -1;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => blob.Length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= blob.Length || buffer.IsEmpty)
        {
            return 0;
        }

        int number = (int)(Position / BlobStore.ChunkBytes);
        if (number != chunkNumber)
        {
            chunk = await database.ReadAsync(
                (context, token) => context.BlobChunks.Where(c => c.BlobId == blob.Id && c.Number == number).Select(c => c.Bytes).SingleOrDefaultAsync(token),
                cancellationToken) ?? throw new EndOfStreamException($"Chunk {number} of the file {blob.Id} is not in the database any more.");
            chunkNumber = number;
        }

        int start = (int)(Position % BlobStore.ChunkBytes), count = Math.Min(buffer.Length, chunk.Length - start);
        chunk.AsMemory(start, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        // Some readers of archives know no async; they run on a worker's thread.
        ValueTask<int> read = ReadAsync(buffer.AsMemory(offset, count), ending);
        return read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        long position = offset + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => Position,
            _ => blob.Length,
        };
        return position < 0 ? throw new IOException("A position before the start of the file was asked for.") : Position = position;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
