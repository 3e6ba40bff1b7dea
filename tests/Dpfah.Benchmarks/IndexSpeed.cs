using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Benchmarks;

/// <summary>Search of the index on raw files, measured as the peers in <c>peer/</c> measure themselves: one JSON line for each setting.</summary>
internal static class IndexSpeed
{
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(3);

    /// <summary><c>--codes FILE --queries FILE [--bits 64] [--k 10,1000] [--batch 1,256] [--threads 1] [--radius R] [--nq 1000] [--repeats 5] [--check 100] [--path auto|scan|tables]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = new Dictionary<string, string>
        {
            ["bits"] = "64",
            ["k"] = "10",
            ["batch"] = "1",
            ["threads"] = "1",
            ["radius"] = "",
            ["nq"] = "1000",
            ["repeats"] = "5",
            ["check"] = "100",
            ["path"] = "auto",
        };
        for (int i = 0; i < args.Length; i += 2)
        {
            string name = args[i].TrimStart('-');
            if (i + 1 == args.Length || (!options.ContainsKey(name) && name is not ("codes" or "queries")))
            {
                Console.Error.WriteLine($"'{args[i]}' is not an option with a value; there are --codes, --queries, --{string.Join(", --", options.Keys)}.");
                return 1;
            }

            options[name] = args[i + 1];
        }

        int bits = Number("bits"), threads = Number("threads"), repeats = Number("repeats");
        ulong[][] codes = Read(options["codes"], bits, int.MaxValue), rows = Read(options["queries"], bits, Number("nq"));
        long start = Stopwatch.GetTimestamp();
        var loader = new IndexLoader<byte>(bits, 0, codes.Length, Tuning(options["path"]));
        for (int i = 0; i < codes.Length; i++)
        {
            loader.Add(i, codes[i], [], 0);
        }

        IndexSnapshot<byte> snapshot = loader.Build().Snapshot;
        double buildSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.Collect();
        foreach (int k in Numbers("k"))
        {
            foreach (int batch in Numbers("batch"))
            {
                int? radius = options["radius"].Length == 0 ? null : Number("radius");
                IndexQuery<byte>[] queries =
                    [.. rows.Select(r => new IndexQuery<byte> { Code = BinaryCode.FromWords(r, bits), K = radius is null ? k : int.MaxValue, Radius = radius })];
                (long scans, long sliced, long tables) = (snapshot.Paths.Scans, snapshot.Paths.Sliced, snapshot.Paths.Tables);
                IndexAnswer<byte>[] answers = [];
                var ms = new double[repeats];
                WarmUp(() => Pass(snapshot, queries, batch, threads));
                for (int repeat = 0; repeat < repeats; repeat++)
                {
                    start = Stopwatch.GetTimestamp();
                    answers = Pass(snapshot, queries, batch, threads);
                    ms[repeat] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / queries.Length;
                }

                Check(codes, queries, answers, Number("check"));
                Array.Sort(ms);
                double median = ms[repeats / 2];
                Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>
                {
                    ["peer"] = "dpfah",
                    ["bits"] = bits,
                    ["n"] = codes.Length,
                    ["nq"] = queries.Length,
                    ["k"] = radius is null ? k : null,
                    ["radius"] = radius,
                    ["batch"] = batch,
                    ["threads"] = threads,
                    ["ms_median"] = Math.Round(median, 5),
                    ["ms_min"] = Math.Round(ms[0], 5),
                    ["ms_max"] = Math.Round(ms[^1], 5),
                    ["qps"] = Math.Round(1e3 / median, 1),
                    ["gcodes_per_s"] = Math.Round(codes.Length / median / 1e6, 3),
                    ["kth_sum"] = radius is null ? answers.Sum(a => (long)a.CutDistance!) : null,
                    ["hits"] = answers.Sum(a => (long)a.Neighbors.Count),
                    ["build_s"] = Math.Round(buildSeconds, 2),
                    ["bytes_per_code"] = Math.Round((double)snapshot.MemoryBytes / codes.Length, 1),
                    ["scans"] = snapshot.Paths.Scans - scans,
                    ["sliced"] = snapshot.Paths.Sliced - sliced,
                    ["tables"] = snapshot.Paths.Tables - tables,
                }));
            }
        }

        return 0;

        int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);
        int[] Numbers(string name) => [.. options[name].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
    }

    private static IndexTuning Tuning(string path) => path switch
    {
        "auto" => IndexTuning.Default,
        "scan" => IndexTuning.Default with { LeastTabledCodes = int.MaxValue },
        "tables" => IndexTuning.Default with { Costs = SearchCosts.Default with { ScannedCode = 1e9, SlicedCode = 1e9 } },
        _ => throw new ArgumentException($"'{path}' is not a path; there are auto, scan and tables."),
    };

    /// <summary>Until the compiler's later tiers have had their turn, as in a service that has run for some seconds.</summary>
    private static void WarmUp(Action pass)
    {
        var time = Stopwatch.StartNew();
        while (time.Elapsed < WarmUpTime)
        {
            pass();

            // A compiler that shares the core needs the pause.
            Thread.Sleep(1);
        }
    }

    private static IndexAnswer<byte>[] Pass(IndexSnapshot<byte> snapshot, IndexQuery<byte>[] queries, int batch, int threads)
    {
        if (batch == 1)
        {
            return Array.ConvertAll(queries, query => snapshot.Search(query));
        }

        return [.. queries.Chunk(batch).SelectMany(chunk => snapshot.SearchBatch(chunk, threads))];
    }

    /// <summary>Compares some answers with a loop over all codes and a sort.</summary>
    private static void Check(ulong[][] codes, IndexQuery<byte>[] queries, IndexAnswer<byte>[] answers, int count)
    {
        for (int q = 0; q < Math.Min(count, queries.Length); q++)
        {
            ulong[] code = queries[q].Code.Words.ToArray();
            IndexQuery<byte> query = queries[q];
            int most = answers[q].CutDistance ?? -1;
            var near = new List<(int Distance, long Id)>();
            for (int i = 0; i < codes.Length; i++)
            {
                int distance = 0;
                for (int word = 0; word < code.Length; word++)
                {
                    distance += BitOperations.PopCount(codes[i][word] ^ code[word]);
                }

                if (distance <= (query.Radius ?? most))
                {
                    near.Add((distance, i));
                }
            }

            IEnumerable<(int, long)> found = answers[q].Neighbors.Select(n => (n.Distance, n.Id));
            if (!near.Order().Take(query.K).SequenceEqual(found))
            {
                throw new InvalidOperationException($"Query {q}: the answer differs from the plain loop's.");
            }
        }
    }

    private static ulong[][] Read(string path, int bits, int most)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length = bits / 8, count = Math.Min(most, bytes.Length / length);
        if (bytes.Length % length != 0)
        {
            throw new InvalidDataException($"'{path}' has {bytes.Length} bytes; codes of {bits} bits need a multiple of {length}.");
        }

        var codes = new ulong[count][];
        for (int i = 0; i < count; i++)
        {
            codes[i] = new ulong[(bits + 63) / 64];
            bytes.AsSpan(i * length, length).CopyTo(MemoryMarshal.AsBytes(codes[i].AsSpan()));
        }

        return codes;
    }
}
