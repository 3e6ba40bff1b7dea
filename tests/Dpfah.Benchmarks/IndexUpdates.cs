using System.Diagnostics;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Benchmarks;

/// <summary>What a reader notices of a writer: the time of lone queries with and without updates beside them, in turns.</summary>
internal static class IndexUpdates
{
    private const int ChangesAtOnce = 500;
    private const int SignatureBits = 256;

    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(3);

    /// <summary><c>--codes FILE --queries FILE [--bits 64] [--k 10] [--rate 100000] [--seconds 2] [--turns 5]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new()
        {
            ["codes"] = "",
            ["queries"] = "",
            ["bits"] = "64",
            ["k"] = "10",
            ["rate"] = "100000",
            ["seconds"] = "2",
            ["turns"] = "5",
        });
        if (options is null)
        {
            return 1;
        }

        int bits = options.Number("bits"), turns = options.Number("turns"), rate = options.Number("rate");
        RawCodes codes = RawCodes.Read(options["codes"], bits), wanted = RawCodes.Read(options["queries"], bits);
        var signature = new ulong[SignatureBits / 64];
        var loader = new IndexLoader<byte>(bits, SignatureBits, codes.Count);
        for (int i = 0; i < codes.Count; i++)
        {
            signature[0] = (ulong)i;
            loader.Add(i, codes[i], signature, 0);
        }

        HammingIndex<byte> index = loader.Build();
        IndexQuery<byte>[] queries = [.. Enumerable.Range(0, wanted.Count).Select(i => new IndexQuery<byte>
        {
            Code = BinaryCode.FromWords(wanted[i], bits),
            Signature = BinaryCode.FromWords(signature, SignatureBits),
            K = options.Number("k"),
        })];
        TimeSpan window = TimeSpan.FromSeconds(options.Number("seconds"));
        Latencies(index, queries, WarmUpTime);
        List<double> idle = [], busy = [];
        long updates = 0;
        TimeSpan updating = TimeSpan.Zero;
        for (int turn = 0; turn < turns; turn++)
        {
            idle.AddRange(Latencies(index, queries, window));
            using var stop = new CancellationTokenSource();
            long start = Stopwatch.GetTimestamp();
            Task<long> writer = Task.Factory.StartNew(() => Update(index, codes, rate, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            busy.AddRange(Latencies(index, queries, window));
            stop.Cancel();
            updates += writer.Result;
            updating += Stopwatch.GetElapsedTime(start);
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            codes = codes.Count,
            bits,
            k = options.Number("k"),
            updates_per_second = Math.Round(updates / updating.TotalSeconds),
            idle_ms_p50 = Percentile(idle, 0.5),
            busy_ms_p50 = Percentile(busy, 0.5),
            ratio_p50 = Math.Round(Percentile(busy, 0.5) / Percentile(idle, 0.5), 3),
            idle_ms_p99 = Percentile(idle, 0.99),
            busy_ms_p99 = Percentile(busy, 0.99),
            segments = index.Snapshot.SegmentCount,
        }));
        return 0;
    }

    private static List<double> Latencies(HammingIndex<byte> index, IndexQuery<byte>[] queries, TimeSpan time)
    {
        var milliseconds = new List<double>();
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; Stopwatch.GetElapsedTime(begin) < time; i++)
        {
            long start = Stopwatch.GetTimestamp();
            index.Snapshot.Search(queries[i % queries.Length]);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return milliseconds;
    }

    /// <summary>Gives items that are there the codes of others, so many a second.</summary>
    private static long Update(HammingIndex<byte> index, RawCodes codes, int rate, CancellationToken stop)
    {
        var random = new Random(7);
        var signature = new ulong[SignatureBits / 64];
        long done = 0, start = Stopwatch.GetTimestamp();
        var changes = new IndexChange<byte>[ChangesAtOnce];
        while (!stop.IsCancellationRequested)
        {
            for (int i = 0; i < changes.Length; i++)
            {
                signature[0] = (ulong)random.NextInt64();
                changes[i] = IndexChange<byte>.Put(
                    random.Next(codes.Count),
                    BinaryCode.FromWords(codes[random.Next(codes.Count)], codes.Bits),
                    BinaryCode.FromWords(signature, SignatureBits),
                    0);
            }

            index.Apply(changes);
            done += changes.Length;
            TimeSpan ahead = TimeSpan.FromSeconds((double)done / rate) - Stopwatch.GetElapsedTime(start);
            if (ahead > TimeSpan.Zero)
            {
                Thread.Sleep(ahead);
            }
        }

        return done;
    }

    private static double Percentile(List<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return Math.Round(sorted[(int)(share * (sorted.Length - 1))], 5);
    }
}
