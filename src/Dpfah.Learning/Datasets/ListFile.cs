namespace Dpfah.Learning.Datasets;

/// <summary>
/// A list of labelled pictures (method, section 8): one picture a line, <c>name 0 1 0 … 0</c>, single spaces, one column a class.
/// </summary>
internal static class ListFile
{
    /// <summary>Reads a list whose names are paths without spaces.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="classes">Columns after the path.</param>
    /// <exception cref="InvalidDataException">A line is not of this form or has no class; the message names file and line.</exception>
    public static List<ListLine> Read(string path, int classes)
    {
        var lines = new List<ListLine>();
        using StreamReader reader = File.OpenText(path);
        while (reader.ReadLine() is { } text)
        {
            ListLine line = Parse(path, lines.Count + 1, text.TrimEnd(), classes);
            if (line.Name.Contains(' '))
            {
                throw WrongForm(path, line.Number, text, classes);
            }

            if (line.Labels.Length == 0)
            {
                throw new InvalidDataException($"'{path}' line {line.Number} gives '{line.Name}' no class; each picture has at least one.");
            }

            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Reads one line; the name may contain spaces.</summary>
    /// <exception cref="InvalidDataException">The line does not end in a 0 or a 1 for each class; the message names file and line.</exception>
    public static ListLine Parse(string path, int number, string text, int classes)
    {
        // From the end: each class is a space and a digit.
        int nameLength = text.Length - (2 * classes);
        if (nameLength < 1)
        {
            throw WrongForm(path, number, text, classes);
        }

        var labels = new List<int>();
        for (int c = 0; c < classes; c++)
        {
            int at = nameLength + (2 * c);
            if (text[at] != ' ' || text[at + 1] is not ('0' or '1'))
            {
                throw WrongForm(path, number, text, classes);
            }

            if (text[at + 1] == '1')
            {
                labels.Add(c);
            }
        }

        return new ListLine(text[..nameLength], [.. labels], number);
    }

    /// <summary>Writes one line, without its end.</summary>
    public static string Format(string name, IReadOnlyList<int> labels, int classes)
    {
        return string.Create(name.Length + (2 * classes), (name, labels), static (line, state) =>
        {
            state.name.CopyTo(line);
            Span<char> columns = line[state.name.Length..];
            for (int i = 0; i < columns.Length; i++)
            {
                columns[i] = i % 2 == 0 ? ' ' : '0';
            }

            foreach (int label in state.labels)
            {
                columns[(2 * label) + 1] = '1';
            }
        });
    }

    private static InvalidDataException WrongForm(string path, int number, string text, int classes)
    {
        string[] columns = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int wrong = Array.FindIndex(columns, Math.Min(1, columns.Length), column => column is not ("0" or "1"));
        string what = columns.Length == 0 ? "is empty"
            : columns.Length - 1 != classes ? $"has {columns.Length - 1} columns after the path, expected {classes}, one a class"
            : wrong >= 0 ? $"has '{columns[wrong]}' in column {wrong} after the path, expected 0 or 1"
            : "separates its columns by more than one space";
        return new InvalidDataException($"'{path}' line {number} {what}. A line is: path 0 1 0 ... 0, single spaces, no space in the path.");
    }
}
