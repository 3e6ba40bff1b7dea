using System.Text;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads comma-separated rows as RFC 4180 has them, strictly: what it does not allow is told with the row's line.</summary>
/// <param name="stream">UTF-8; not closed.</param>
/// <param name="maxCharacters">Most characters of a row.</param>
internal sealed class CsvReader(Stream stream, int maxCharacters) : IDisposable
{
    private readonly StreamReader reader = new(
        stream, new UTF8Encoding(false, throwOnInvalidBytes: false), detectEncodingFromByteOrderMarks: true, 64 << 10, leaveOpen: true);

    private readonly char[] buffer = new char[32 << 10];
    private readonly StringBuilder field = new();
    private readonly List<string> fields = [];
    private int position;
    private int end;
    private long line = 1;

    /// <summary>The row's fields; empty when there is a <see cref="Problem"/>.</summary>
    public IReadOnlyList<string> Fields => fields;

    /// <summary>The line on which the row begins, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>What is wrong with the row, as the end of a sentence; null when nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Goes to the next row; empty lines are skipped.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (await ReadRowAsync(cancellationToken))
        {
            if (Problem is not null || fields.Count > 1 || fields[0].Length > 0)
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<bool> ReadRowAsync(CancellationToken cancellationToken)
    {
        fields.Clear();
        field.Clear();
        (Problem, Line) = (null, line);
        int length = 0;
        bool any = false, quoted = false, afterQuote = false;
        while (await NextAsync(cancellationToken) is { } c)
        {
            any = true;
            if (++length > maxCharacters)
            {
                // A quote that is never closed would take all that follows: the next line begins anew.
                quoted = false;
                Fail($"has more than {maxCharacters:N0} characters: is a quote not closed");
                afterQuote = false;
            }

            if (c == '\n')
            {
                line++;
            }

            if (quoted)
            {
                if (c == '"')
                {
                    (quoted, afterQuote) = (false, true);
                }
                else
                {
                    field.Append(c);
                }
            }
            else if (c == '"' && afterQuote)
            {
                // Two quotes in a quoted field are one.
                field.Append('"');
                (quoted, afterQuote) = (true, false);
            }
            else if (c == '"' && field.Length == 0 && Problem is null)
            {
                quoted = true;
            }
            else if (c == ',')
            {
                EndField();
                afterQuote = false;
            }
            else if (c == '\n')
            {
                EndRow();
                return true;
            }
            else if (c == '\r')
            {
                // Only in front of the line's end, which comes next.
            }
            else if (c == '"' || afterQuote)
            {
                Fail(c == '"' ? "has a quote in the middle of a field" : "has text behind a closing quote");
            }
            else if (Problem is null)
            {
                field.Append(c);
            }
        }

        if (!any)
        {
            return false;
        }

        if (quoted)
        {
            Fail("has a quote that is not closed");
        }

        EndRow();
        return true;
    }

    private void EndField()
    {
        if (Problem is null)
        {
            fields.Add(field.ToString());
        }

        field.Clear();
    }

    private void EndRow()
    {
        EndField();
        if (Problem is not null)
        {
            fields.Clear();
        }
    }

    private void Fail(string problem)
    {
        Problem ??= problem;
        field.Clear();
    }

    private async ValueTask<char?> NextAsync(CancellationToken cancellationToken)
    {
        if (position == end)
        {
            (position, end) = (0, await reader.ReadAsync(buffer, cancellationToken));
            if (end == 0)
            {
                return null;
            }
        }

        return buffer[position++];
    }

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();
}
