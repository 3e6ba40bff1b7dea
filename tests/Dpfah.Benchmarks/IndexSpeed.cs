using System.Diagnostics;
using System.Text.Json;
using Dpfah.Core.Indexing;

namespace Dpfah.Benchmarks;

/// <summary>Search of the index on raw files: one JSON line for each setting.</summary>
internal static class IndexSpeed
{
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(1);

    /// <summary><c>--codes FILE --queries FILE [--bits 64] [--k 10,1000] [--batch 1,256] [--threads 1] [--radius R] [--nq 1000] [--repeats 5] [--check 100] [--path auto|scan|tables]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new()
        {
            ["codes"] = "",
            ["queries"] = "",
            ["bits"] = "64",
            ["k"] = "10",
            ["batch"] = "1",
            ["threads"] = "1",
            ["radius"] = "",
            ["nq"] = "1000",
            ["repeats"] = "5",
            ["check"] = "100",
            ["path"] = "auto",
        });
        if (options is null)
        {
            return 1;
        }

        int bits = options.Number("bits"), threads = options.Number("threads"), repeats = options.Number("repeats");
        RawCodes codes = RawCodes.Read(options["codes"], bits);
        var index = new MeasuredIndex(codes, RawCodes.Read(options["queries"], bits), options["path"]);
        int? radius = options["radius"].Length == 0 ? null : options.Number("radius");
        foreach (int k in options.Numbers("k"))
        {
            foreach (int batch in options.Numbers("batch"))
            {
                IndexQuery<byte>[] queries = index.Queries(options.Number("nq"), k, radius);
                (long scans, long sliced, long tables) = (index.Paths.Scans, index.Paths.Sliced, index.Paths.Tables);
                IndexAnswer<byte>[] answers = [];
                var ms = new double[repeats];
                index.WarmUp(queries, batch, threads, WarmUpTime);
                for (int repeat = 0; repeat < repeats; repeat++)
                {
                    long start = Stopwatch.GetTimestamp();
                    answers = index.Search(queries, batch, threads);
                    ms[repeat] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / queries.Length;
                }

                index.Check(queries, answers, options.Number("check"));
                Array.Sort(ms);
                double median = ms[repeats / 2];
                Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>
                {
                    ["peer"] = "dpfah",
                    ["bits"] = bits,
                    ["n"] = codes.Count,
                    ["nq"] = queries.Length,
                    ["k"] = radius is null ? k : null,
                    ["radius"] = radius,
                    ["batch"] = batch,
                    ["threads"] = threads,
                    ["ms_median"] = Math.Round(median, 5),
                    ["ms_min"] = Math.Round(ms[0], 5),
                    ["ms_max"] = Math.Round(ms[^1], 5),
                    ["qps"] = Math.Round(1e3 / median, 1),
                    ["gcodes_per_s"] = Math.Round(codes.Count / median / 1e6, 3),
                    ["kth_sum"] = radius is null ? answers.Sum(a => (long)a.CutDistance!) : null,
                    ["hits"] = answers.Sum(a => (long)a.Neighbors.Count),
                    ["build_s"] = Math.Round(index.BuildSeconds, 2),
                    ["bytes_per_code"] = Math.Round((double)index.Bytes / codes.Count, 1),
                    ["scans"] = index.Paths.Scans - scans,
                    ["sliced"] = index.Paths.Sliced - sliced,
                    ["tables"] = index.Paths.Tables - tables,
                }));
            }
        }

        return 0;
    }
}
