namespace Dpfah.Engine.Imports.Sources;

/// <summary>
/// Stands between an archive and the library that reads it, which trusts what the archive says of itself: bounds what is read in all
/// and what is asked for at once.
/// </summary>
/// <param name="inner">What is read; not closed.</param>
/// <param name="maxTotal">Most bytes in all.</param>
/// <param name="maxAtOnce">Most bytes that are asked for in one call: a library that asks for more believes a size that no header has.</param>
/// <param name="tooMuch">What is said when there is more, as a sentence.</param>
internal sealed class GuardedStream(Stream inner, long maxTotal, int maxAtOnce, string tooMuch) : Stream
{
    private const int BlockBytes = 512;

    private long total;
    private long zeros;

    public override bool CanRead => true;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <summary>
    /// Whether a whole block of zeros was read last, and since <see cref="BeginHeader"/>, as at the end of a tar: what fills the last
    /// block of a file with zeros is shorter.
    /// </summary>
    public bool EndsWithZeroBlock => zeros >= BlockBytes && (inner.CanSeek ? inner.Position : total) % BlockBytes == 0;

    /// <summary>The bytes of a file are read, and a header of a tar is to be read next: zeros of the file are not counted.</summary>
    public void BeginHeader() => zeros = 0;

    /// <summary>Bytes that may still be read; set anew when a phase with a limit of its own begins.</summary>
    public void Allow(long bytes) => maxTotal = total + bytes;

    public override int Read(Span<byte> buffer)
    {
        Check(buffer.Length);
        return Note(buffer, inner.Read(buffer));
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Check(buffer.Length);
        int read = await inner.ReadAsync(buffer, cancellationToken);
        return Note(buffer.Span, read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Check(int count)
    {
        if (count > maxAtOnce)
        {
            throw new InvalidDataException($"A header in the archive claims to have {count:N0} bytes.");
        }
    }

    private int Note(ReadOnlySpan<byte> buffer, int read)
    {
        total += read;
        if (total > maxTotal)
        {
            throw new InvalidDataException(tooMuch);
        }

        int other = buffer[..read].LastIndexOfAnyExcept((byte)0);
        zeros = other < 0 ? zeros + read : read - 1 - other;
        return read;
    }
}
