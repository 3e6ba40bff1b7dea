using System.Buffers.Binary;
using Npgsql;

namespace Dpfah.Engine.Data;

/// <summary>
/// Reads what <c>COPY … TO STDOUT (FORMAT BINARY)</c> sends, without an object for a row or a value.
/// </summary>
/// <remarks>
/// The format is that of PostgreSQL's documentation of COPY: a signature, flags and an extension; then for each row the number of
/// its columns (int16) and for each column its length (int32, −1 for null) and its bytes; −1 in place of the number ends it.
/// All numbers are big-endian.
/// </remarks>
internal sealed class CopyReader : IDisposable
{
    private const int HeaderBytes = 19;
    private const int FirstBuffer = 1 << 14;

    // The first row of a sorted table may be long in coming.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly byte[] FormatSignature = [.. "PGCOPY\n"u8, 0xFF, (byte)'\r', (byte)'\n', 0];

    private readonly NpgsqlRawCopyStream stream;
    private readonly int[] starts;
    private readonly int[] lengths;
    private byte[] buffer = new byte[FirstBuffer];
    private int position;
    private int end;
    private bool finished;

    private CopyReader(NpgsqlRawCopyStream stream, int columns)
    {
        this.stream = stream;
        starts = new int[columns];
        lengths = new int[columns];
    }

    /// <summary>Bytes of a column of the row; valid until the next row is read.</summary>
    public ReadOnlySpan<byte> this[int column] => lengths[column] < 0
        ? throw new InvalidDataException($"Column {column} of the copy is null.")
        : buffer.AsSpan(starts[column], lengths[column]);

    /// <summary>Begins to copy.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="query">What to copy.</param>
    /// <param name="columns">How many columns the query has.</param>
    public static CopyReader Open(NpgsqlConnection connection, string query, int columns)
    {
        NpgsqlRawCopyStream stream = connection.BeginRawBinaryCopy($"COPY ({query}) TO STDOUT (FORMAT BINARY)");
        try
        {
            stream.ReadTimeout = (int)Patience.TotalMilliseconds;
            var reader = new CopyReader(stream, columns);
            reader.Require(HeaderBytes);
            if (!reader.buffer.AsSpan(0, FormatSignature.Length).SequenceEqual(FormatSignature))
            {
                throw new InvalidDataException("The server's copy does not begin as a binary copy does.");
            }

            int extension = BinaryPrimitives.ReadInt32BigEndian(reader.buffer.AsSpan(FormatSignature.Length + sizeof(int)));
            reader.position = HeaderBytes;
            reader.Require(extension);
            reader.position += extension;
            return reader;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        Require(sizeof(short));
        int columns = BinaryPrimitives.ReadInt16BigEndian(buffer.AsSpan(position));
        if (columns == -1)
        {
            // The server has more to say behind the last row: that there was no error.
            while (stream.Read(buffer, 0, buffer.Length) > 0)
            {
            }

            finished = true;
            return false;
        }

        if (columns != starts.Length)
        {
            throw new InvalidDataException($"A row of the copy has {columns} columns; {starts.Length} were asked for.");
        }

        // Counted from the row's start: more bytes may move the row to the start of the buffer.
        int length = sizeof(short);
        for (int column = 0; column < columns; column++)
        {
            Require(length + sizeof(int));
            int bytes = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(position + length));
            starts[column] = length += sizeof(int);
            lengths[column] = bytes;
            length += Math.Max(0, bytes);
        }

        Require(length);
        for (int column = 0; column < columns; column++)
        {
            starts[column] += position;
        }

        position += length;
        return true;
    }

    /// <summary>Number of eight bytes.</summary>
    public long Int64(int column) => BinaryPrimitives.ReadInt64BigEndian(this[column]);

    /// <summary>Number of four bytes.</summary>
    public int Int32(int column) => BinaryPrimitives.ReadInt32BigEndian(this[column]);

    /// <summary>Sees to it that so many bytes from the position on are in the buffer.</summary>
    private void Require(int count)
    {
        if (end - position < count)
        {
            Fill(count);
        }
    }

    private void Fill(int count)
    {
        byte[] target = count > buffer.Length ? new byte[Math.Max(count, 2 * buffer.Length)] : buffer;
        buffer.AsSpan(position, end - position).CopyTo(target);
        (buffer, position, end) = (target, 0, end - position);
        while (end < count)
        {
            int read = stream.Read(buffer, end, buffer.Length - end);
            if (read == 0)
            {
                throw new EndOfStreamException("The server's copy ended within a row.");
            }

            end += read;
        }
    }

    /// <summary>Asks the server to stop; from any thread. The reading thread then gets the server's error.</summary>
    public void Cancel() => stream.Cancel();

    /// <summary>Ends the copy. One that is not at its end is cancelled, and the transaction with it.</summary>
    public void Dispose()
    {
        if (finished)
        {
            stream.Dispose();
            return;
        }

        try
        {
            // Else the rest of the table would be read to be thrown away.
            stream.Cancel();
            stream.Dispose();
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            // Cancelled, or broken already; the exception that led here says why.
        }
    }
}
