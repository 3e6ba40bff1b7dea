using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Dpfah.Core.Indexing;

namespace Dpfah.Benchmarks;

/// <summary>
/// What the index chooses, held against a scan and against its tables, each forced, in every combination of size, k, length and kind of
/// data. The promise is that the choice never takes more than 1.1 times as long as a scan. Prints Markdown.
/// </summary>
internal sealed class IndexSweep
{
    private const double Promise = 1.1;
    private const int Rounds = 7;

    // What looks worse than it is on a busy machine looks better after more rounds; from this ratio on it is measured again.
    private const double Doubt = 1.05;
    private const int MoreRounds = 21;

    /// <summary>A pass of the scan takes about so long, and of the others unless they are slower.</summary>
    private const double PassMs = 4;

    private const int FewestQueries = 8;
    private const int MostQueries = 512;

    // Slower than so many scans: one round of few queries tells as much.
    private const double Hopeless = 5;

    private const int Shown = 12;
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromMilliseconds(100);

    // Until the compiler is through with the loops for a length.
    private static readonly TimeSpan FirstWarmUpTime = TimeSpan.FromSeconds(1);
    private static readonly string[] Paths = ["auto", "scan", "tables"];

    private readonly NamedOptions options;
    private readonly List<Measured> all = [];

    private IndexSweep(NamedOptions options) => this.options = options;

    /// <summary><c>[--sizes N,…] [--k K,…] [--bits B,…] [--kinds uniform,deep100,skewed] [--batch 1,64] [--minutes 10] [--output FILE]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new()
        {
            ["sizes"] = "10000,100000,1000000",
            ["k"] = "1,10,100,1000",
            ["bits"] = "16,32,48,64,96,128",
            ["kinds"] = "uniform,deep100,skewed",
            ["batch"] = "1,64",
            ["minutes"] = "10",
            ["output"] = "",
        });
        if (options is null)
        {
            return 1;
        }

        string report = new IndexSweep(options).Report();
        Console.WriteLine(report);
        if (options["output"].Length != 0)
        {
            File.WriteAllText(options["output"], report);
        }

        return 0;
    }

    private string Report()
    {
        var watch = Stopwatch.StartNew();
        (int Bits, string Kind, int Count)[] data =
        [
            .. from bits in options.Numbers("bits")
               from kind in options["kinds"].Split(',')
               from count in options.Numbers("sizes")
               select (bits, kind, count),
        ];
        int done = 0;
        foreach ((int bits, string kind, int count) in data)
        {
            if (watch.Elapsed.TotalMinutes > options.Number("minutes"))
            {
                break;
            }

            Measure(bits, kind, count);
            Console.Error.WriteLine($"{watch.Elapsed:mm\\:ss} {++done} of {data.Length}: {kind}, {count:N0} codes of {bits} bits");
        }

        Measured[] chosen = [.. all.Where(m => m.HasChoice)], same = [.. all.Where(m => !m.HasChoice)];
        string noise = same.Length == 0 ? "" : $"In {same.Length} settings the index has no tables, so that both do the same: there the ratio lies between "
            + $"{same.Min(m => m.ToScan):0.00} and {same.Max(m => m.ToScan):0.00}, which is the error of this measurement. ";
        string worst = chosen.Length == 0 ? "" : $"In the {chosen.Length} others it was broken in {chosen.Count(m => m.ToScan > Promise)}; "
            + $"worst: {chosen.Max(m => m.ToScan):0.00} of a scan. ";
        return $"""
            # index-sweep

            Time of a query by the path that the index chooses (auto), by a scan and by the tables, each forced: the quickest of {Rounds} rounds in turn
            ({MoreRounds} where the choice took more than {Doubt} times a scan's time at first). "*": one round of few queries, since it is so slow.

            {Tables.Cpu()}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}

            {done} of {data.Length} sets of codes were measured, {all.Count} settings in {watch.Elapsed.TotalMinutes:0.0} minutes. {(done < data.Length ? "The time was up. " : "")}Promise: auto takes at
            most {Promise} times as long as a scan. {noise}{worst}Worst against the best of the three: {all.Max(m => m.ToBest):0.00}.

            ## Worst against a scan, where there is a choice

            {Table(chosen.OrderByDescending(m => m.ToScan).Take(Shown))}
            ## Worst against the best

            {Table(all.OrderByDescending(m => m.ToBest).Take(Shown))}
            ## All

            {Table(all)}
            """.TrimEnd() + "\n";
    }

    private void Measure(int bits, string kind, int count)
    {
        (RawCodes codes, RawCodes queries) = IndexData.Make(kind, bits, count, MostQueries);
        MeasuredIndex[] indexes = [.. Paths.Select(path => new MeasuredIndex(codes, queries, path))];
        foreach (int batch in options.Numbers("batch"))
        {
            TimeSpan time = all.Exists(m => m.Bits == bits && m.Batch == batch) ? WarmUpTime : FirstWarmUpTime;
            Array.ForEach(indexes, index => index.WarmUp(index.Queries(batch, 10, null), batch, 1, time));
            foreach (int k in options.Numbers("k"))
            {
                all.Add(Measure(indexes, bits, kind, count, k, batch));
            }
        }
    }

    private static Measured Measure(MeasuredIndex[] indexes, int bits, string kind, int count, int k, int batch)
    {
        IndexQuery<byte>[] few = indexes[0].Queries(Math.Max(batch, FewestQueries), k, null);
        double[] first = [.. indexes.Select(index => Pass(index, few, batch))];
        int wanted = (int)Math.Clamp(PassMs / first[1], FewestQueries, MostQueries);
        IndexQuery<byte>[] queries = indexes[0].Queries(Math.Max(batch, wanted / batch * batch), k, null);
        bool hopeless = first[2] > Hopeless * first[1];
        double[] ms = Rounded(Rounds);
        if (ms[0] > Doubt * ms[1])
        {
            ms = Rounded(MoreRounds);
        }

        return new Measured(kind, count, bits, k, batch, ms[0], ms[1], ms[2], hopeless, indexes[0].TableBytes != 0);

        double[] Rounded(int rounds)
        {
            var times = new double[indexes.Length][];
            for (int i = 0; i < times.Length; i++)
            {
                times[i] = new double[rounds];
            }

            for (int round = -1; round < rounds; round++)
            {
                // Each comes first, second and last in turn, and after each of the others.
                for (int turn = 0; turn < indexes.Length; turn++)
                {
                    int place = round % 2 == 0 ? turn : indexes.Length - 1 - turn;
                    int i = (place + round + 1) % indexes.Length;
                    double time = i == 2 && hopeless ? first[2] : Pass(indexes[i], queries, batch);
                    if (round >= 0)
                    {
                        times[i][round] = time;
                    }
                }
            }

            // Other work on the machine only ever adds time.
            return [.. times.Select(t => t.Min())];
        }
    }

    /// <summary>Milliseconds a query.</summary>
    private static double Pass(MeasuredIndex index, IndexQuery<byte>[] queries, int batch)
    {
        long start = Stopwatch.GetTimestamp();
        index.Search(queries, batch, 1);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / queries.Length;
    }

    private static string Table(IEnumerable<Measured> rows)
    {
        var text = new StringBuilder(
            "| data | codes | bits | k | queries at a time | auto, µs | scan, µs | tables, µs | auto to scan | auto to best |\n"
            + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        foreach (Measured m in rows)
        {
            text.AppendLine(
                $"| {m.Kind} | {m.Count:N0} | {m.Bits} | {m.K} | {m.Batch} | {Text(m.Auto)} | {Text(m.Scan)} | {Text(m.Tables)}{(m.Hopeless ? "*" : "")} "
                + $"| {m.ToScan:0.00} | {m.ToBest:0.00} |");
        }

        return text.ToString();
    }

    private static string Text(double ms) => (1000 * ms).ToString(ms < 0.1 ? "0.00" : "0.0", CultureInfo.InvariantCulture);

    private sealed record Measured(
        string Kind, int Count, int Bits, int K, int Batch, double Auto, double Scan, double Tables, bool Hopeless, bool HasChoice)
    {
        public double ToScan => Auto / Scan;

        public double ToBest => Auto / Math.Min(Auto, Math.Min(Scan, Tables));
    }
}
