using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Dpfah.Core.Indexing;

namespace Dpfah.Benchmarks;

/// <summary>
/// The index as one side of a comparison, a process of its own: it loads, prints a line of JSON, and answers each line
/// <c>K RADIUS BATCH THREADS QUERIES SECONDS CHECK</c> of its standard input by one line, as <c>peer/faiss_index.cpp</c> does.
/// The first CHECK answers are compared with a plain loop.
/// </summary>
internal static class IndexTurns
{
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(3);

    /// <summary><c>--codes FILE --queries FILE [--bits 64] [--signatures no|yes]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new() { ["codes"] = "", ["queries"] = "", ["bits"] = "64", ["signatures"] = "no" });
        if (options is null)
        {
            return 1;
        }

        int bits = options.Number("bits");
        RawCodes codes = RawCodes.Read(options["codes"], bits);
        var index = new MeasuredIndex(codes, RawCodes.Read(options["queries"], bits), hasSignatures: options["signatures"] == "yes");
        Write(new()
        {
            ["n"] = codes.Count,
            ["build_s"] = index.BuildSeconds,
            ["bytes"] = index.Bytes,
            ["table_bytes"] = index.TableBytes,
            ["stored"] = index.Stored,
        });
        var warm = new HashSet<string>();
        while (Console.ReadLine()?.Split(' ') is [var k, var radius, var batch, var threads, var queries, var seconds, var check])
        {
            IndexQuery<byte>[] wanted = index.Queries(Number(queries), Number(k), Number(radius) < 0 ? null : Number(radius));
            if (warm.Add($"{k} {radius} {batch} {threads}"))
            {
                index.WarmUp(wanted, Number(batch), Number(threads), WarmUpTime);
            }

            Turn(index, wanted, Number(batch), Number(threads), double.Parse(seconds, CultureInfo.InvariantCulture), Number(check));
        }

        return 0;
    }

    private static void Turn(MeasuredIndex index, IndexQuery<byte>[] wanted, int batch, int threads, double seconds, int check)
    {
        PathCounts paths = index.Paths;
        (long scans, long sliced, long tables) = (paths.Scans, paths.Sliced, paths.Tables);
        int passes = 0;
        IndexAnswer<byte>[] answers;
        var watch = Stopwatch.StartNew();
        do
        {
            answers = index.Search(wanted, batch, threads);
            passes++;
        }
        while (watch.Elapsed.TotalSeconds < seconds);
        double ms = watch.Elapsed.TotalMilliseconds / passes / wanted.Length;
        index.Check(wanted, answers, check);
        Write(new()
        {
            ["ms"] = ms,
            ["hits"] = answers.Sum(a => (long)a.Neighbors.Count),
            ["distances"] = wanted[0].Radius is null
                ? answers.Sum(a => (long)(a.CutDistance ?? 0)) : answers.Sum(a => a.Neighbors.Sum(n => (long)n.Distance)),
            ["scans"] = paths.Scans - scans,
            ["sliced"] = paths.Sliced - sliced,
            ["tables"] = paths.Tables - tables,
        });
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Write(Dictionary<string, object> line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
