namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads lines of bounded length from a stream of bytes.</summary>
/// <param name="stream">Read to its end; not closed.</param>
/// <param name="maxBytes">Most bytes of a line.</param>
internal sealed class LineReader(Stream stream, int maxBytes)
{
    private byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;
    private bool atEnd;

    /// <summary>The line without its end; empty when it is too long. Valid until the next one is read.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>Number of the line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Whether the line was longer than it may be; it was skipped.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Goes to the next line.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        IsTooLong = false;
        int scanned = start;
        while (true)
        {
            int at = buffer.AsSpan(scanned, end - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                Take(scanned + at, scanned + at + 1);
                return true;
            }

            if (atEnd)
            {
                if (start == end && !IsTooLong)
                {
                    return false;
                }

                Take(end, end);
                return true;
            }

            if (end - start > maxBytes)
            {
                // Its end is still looked for; what was read of it is of no use.
                IsTooLong = true;
                start = end;
            }

            await FillAsync(cancellationToken);
            scanned = start;
        }
    }

    private void Take(int lineEnd, int next)
    {
        if (lineEnd - start > maxBytes)
        {
            IsTooLong = true;
        }

        ReadOnlyMemory<byte> line = IsTooLong ? default : buffer.AsMemory(start, lineEnd - start);
        Line = line.Span.EndsWith("\r"u8) ? line[..^1] : line;
        if (++Number == 1 && Line.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            Line = Line[3..];
        }

        start = next;
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        int read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        atEnd = read == 0;
    }
}
