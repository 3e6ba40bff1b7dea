using System.Diagnostics;
using System.Globalization;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Benchmarks;

/// <summary>What each kernel is worth: scans of uniform codes by a lone query and by a batch, in turns, on one thread.</summary>
internal static class IndexKernels
{
    private const int Neighbors = 10;
    private const int BatchQueries = 256;
    private const int LoneQueries = 64;

    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(2);

    /// <summary><c>[--codes 1000000] [--bits 64,128] [--repeats 5]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new() { ["codes"] = "1000000", ["bits"] = "64,128", ["repeats"] = "5" });
        if (options is null)
        {
            return 1;
        }

        int count = options.Number("codes"), repeats = options.Number("repeats");
        Console.WriteLine($"Scans of {count:N0} uniform codes, k = {Neighbors}, one thread, medians of {repeats} rounds in turn; milliseconds a query.");
        Console.WriteLine();
        Console.WriteLine("| bits | kernel | lone query | against the plain loop | batch of 256 | against its lone query |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (int bits in options.Numbers("bits"))
        {
            RawCodes codes = Random(bits, count, 1), wanted = Random(bits, BatchQueries, 2);
            MeasuredIndex[] indexes = [.. ScanKernel.Supported.Select(kernel => new MeasuredIndex(codes, wanted, "scan", kernel: kernel))];
            var lone = new double[indexes.Length][];
            var batch = new double[indexes.Length][];
            for (int i = 0; i < indexes.Length; i++)
            {
                (lone[i], batch[i]) = (new double[repeats], new double[repeats]);
                indexes[i].WarmUp(indexes[i].Queries(LoneQueries, Neighbors, null), 1, 1, WarmUpTime);
                indexes[i].WarmUp(Batch(i), BatchQueries, 1, WarmUpTime);
            }

            for (int round = 0; round < repeats; round++)
            {
                for (int i = 0; i < indexes.Length; i++)
                {
                    lone[i][round] = Milliseconds(indexes[i], indexes[i].Queries(LoneQueries, Neighbors, null), 1);
                    batch[i][round] = Milliseconds(indexes[i], Batch(i), BatchQueries);
                }
            }

            // The plain loop's batch is compared bit by bit and is there to be compared with, not to be fast.
            IndexQuery<byte>[] Batch(int i) => indexes[i].Queries(i == 0 ? 4 : BatchQueries, Neighbors, null);

            for (int i = 0; i < indexes.Length; i++)
            {
                double own = Median(lone[i]), together = Median(batch[i]);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {bits} | {ScanKernel.Supported[i].Name} | {own:0.0000} | {Median(lone[0]) / own:0.0}x | {together:0.0000} | {own / together:0.0}x |"));
            }
        }

        return 0;
    }

    private static double Milliseconds(MeasuredIndex index, IndexQuery<byte>[] queries, int batch)
    {
        long start = Stopwatch.GetTimestamp();
        index.Search(queries, batch, 1);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / queries.Length;
    }

    private static RawCodes Random(int bits, int count, int seed)
    {
        var random = new Random(seed);
        var codes = new RawCodes(bits, count);
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(codes[i]));
        }

        return codes;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
