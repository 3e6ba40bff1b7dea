using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Spectre.Console;

namespace Dpfah.Cli;

/// <summary>Evaluates codes that lie in files. Each pair of files is the queries', then the database's.</summary>
/// <param name="Codes">Codes, as <see cref="NpyCodes"/> reads them.</param>
/// <param name="Labels">Labels, as <see cref="NpyLabels"/> reads them.</param>
/// <param name="Signatures">Signatures, read like codes; null or empty for none.</param>
/// <param name="Cuts">Cuts k of mAP@k, each at least 1.</param>
/// <param name="Json">File to write the result to, or null.</param>
internal sealed record CodesEvaluation(FileInfo[] Codes, FileInfo[] Labels, FileInfo[]? Signatures, int[] Cuts, FileInfo? Json)
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Reads the files, prints a table, and writes the JSON file when one is wanted.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    /// <exception cref="CommandException">A file cannot be read or written, or does not fit the others.</exception>
    public static int Run(CodesEvaluation request, TextWriter output, CancellationToken cancellationToken)
    {
        (LabelledCodes queries, LabelledCodes database) = request.Read();
        RetrievalResult result = RetrievalEvaluation.Run(queries, database, new RetrievalOptions { Cuts = request.Cuts }, cancellationToken);
        if (request.Json is not null)
        {
            Try(request.Json, () =>
            {
                using FileStream stream = request.Json.Create();
                JsonSerializer.Serialize(stream, result, JsonOptions);
                return true;
            });
        }

        Write(output, result, database.Labels.Classes);
        return ExitCode.Success;
    }

    /// <summary>Prints the figures that papers compare; the columns tell how equal distances are ordered.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="result">The figures.</param>
    /// <param name="classes">Number of classes.</param>
    public static void Write(TextWriter output, RetrievalResult result, int classes)
    {
        Table table = new Table().RoundedBorder().AddColumn("metric").AddColumn("database order");
        if (result.FineRanking is not null)
        {
            table.AddColumn("by signature");
        }

        table.AddColumn("mean over ties");
        AddRow("mAP", result.Ranking.Map, result.FineRanking?.Map, result.TieAware.Map);
        foreach ((int i, MapAtCut cut) in result.Ranking.MapAt.Index())
        {
            MapAtCut? fine = result.FineRanking?.MapAt[i];
            AddRow($"mAP@{cut.K} of the hits found", cut.Retrieved, fine?.Retrieved, null);
            AddRow($"mAP@{cut.K} of min(R, k)", cut.Min, fine?.Min, result.TieAware.MapAt[i].Min);
        }

        foreach ((int i, PrecisionPoint point) in result.Ranking.PrecisionAt.Index())
        {
            AddRow($"P@{point.N}", point.Precision, result.FineRanking?.PrecisionAt[i].Precision, null);
        }

        AddRow($"P@H≤{result.Ball.Radius}", result.Ball.Precision, result.FineRanking is null ? null : result.Ball.Precision, result.Ball.Precision);
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
        output.WriteLine(
            $"{result.Queries:N0} queries, {result.QueriesWithRelevant:N0} with a relevant item; {result.Database:N0} codes of {result.Bits} bits; {classes:N0} classes.");
        output.WriteLine($"{result.Ball.EmptyShare:P1} of the balls of radius {result.Ball.Radius} are empty and count as 0.");

        void AddRow(string name, double plain, double? fine, double? tieAware) => table.AddRow(
            [.. (result.FineRanking is null ? [name, Text(plain), Text(tieAware)] : new[] { name, Text(plain), Text(fine), Text(tieAware) }).Select(text => new Text(text))]);

        static string Text(double? value) => value is double number ? $"{number:0.0000}" : "";
    }

    private (LabelledCodes Queries, LabelledCodes Database) Read()
    {
        CodeMatrix[] codes = ReadCodes(Codes);
        CodeMatrix[]? signatures = Signatures is { Length: > 0 } ? ReadCodes(Signatures) : null;
        NpyLabels[] labels = [.. Labels.Select(file => Open(file, NpyLabels.Read))];
        for (int side = 0; side < codes.Length; side++)
        {
            RequireCount(Labels[side], "labels", labels[side].Count, codes[side].Count, Codes[side]);
            if (signatures is not null)
            {
                RequireCount(Signatures![side], "signatures", signatures[side].Count, codes[side].Count, Codes[side]);
            }
        }

        (LabelMatrix ofQueries, LabelMatrix ofDatabase) = Try(Labels[1], () => NpyLabels.Pack(labels[0], labels[1]));
        return (new LabelledCodes(codes[0], ofQueries, signatures?[0]), new LabelledCodes(codes[1], ofDatabase, signatures?[1]));
    }

    private static CodeMatrix[] ReadCodes(FileInfo[] files)
    {
        CodeMatrix[] codes = [.. files.Select(file => Open(file, NpyCodes.Read))];
        return codes[0].Bits == codes[1].Bits
            ? codes
            : throw new CommandException($"{files[1]}: Its codes have {codes[1].Bits} bits and those of {files[0]} {codes[0].Bits}; give two files of one model.");
    }

    private static void RequireCount(FileInfo file, string what, int count, int codes, FileInfo codesFile)
    {
        if (count != codes)
        {
            throw new CommandException($"{file}: It has {count} {what} and {codesFile} {codes} codes; give files of the same items in the same order.");
        }
    }

    private static T Open<T>(FileInfo file, Func<Stream, T> read) => Try(file, () =>
    {
        using FileStream stream = file.OpenRead();
        return read(stream);
    });

    private static T Try<T>(FileInfo file, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file}: {error.Message}", error);
        }
    }
}
