using System.Diagnostics;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Time of <see cref="RetrievalEvaluation"/> on CIFAR-10's protocol, beside an evaluation that sorts for each query.</summary>
internal static class MetricsSpeed
{
    private const int Queries = 1000;
    private const int Database = 59_000;
    private const int Classes = 10;
    private const int SignatureBits = 256;
    private const int Runs = 5;

    // Sorting is slow: a tenth of the queries tells its time as well.
    private const int PlainQueries = 100;

    public static int Run(string[] args)
    {
        Table table = Tables.Create(["bits", "all metrics, s", "with signatures, s", "sorted, s", "ratio", "MB allocated"]);
        foreach (int bits in (int[])[16, 32, 48, 64])
        {
            var random = new Random(bits);
            LabelledCodes queries = Make(bits, Queries, random);
            LabelledCodes database = Make(bits, Database, random);
            var withoutSignatures = new LabelledCodes(queries.Codes, queries.Labels);
            var databaseWithout = new LabelledCodes(database.Codes, database.Labels);
            RetrievalResult result = RetrievalEvaluation.Run(queries, database);
            double[] plain = SortedEvaluation.AveragePrecisions(queries, database, PlainQueries);
            for (int i = 0; i < plain.Length; i++)
            {
                if (Math.Abs(plain[i] - result.PerQuery[i].AveragePrecision) > 1e-9)
                {
                    throw new InvalidOperationException($"Query {i}: AP {result.PerQuery[i].AveragePrecision}, sorted {plain[i]}.");
                }
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread();
            RetrievalEvaluation.Run(withoutSignatures, databaseWithout);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            double seconds = Median(() => RetrievalEvaluation.Run(withoutSignatures, databaseWithout));
            double fine = Median(() => RetrievalEvaluation.Run(queries, database));
            double sorted = Median(() => SortedEvaluation.AveragePrecisions(queries, database, PlainQueries)) * Queries / PlainQueries;
            table.AddRow($"{bits}", $"{seconds:0.00}", $"{fine:0.00}", $"{sorted:0.0}", $"{sorted / seconds:0.0}", $"{allocated / 1e6:0.0}");
        }

        Tables.Show(
            "metrics",
            table,
            $"{Queries:N0} queries, {Database:N0} database items, {Classes} classes, one thread, median of {Runs} runs. All metrics: mAP and tie-aware mAP, "
            + "whole and at two cuts, P@N to 1,000, P@H≤2, precision and recall by radius and by rank. With signatures: the same, and "
            + $"the ranking by distance and a signature of {SignatureBits} bits. Sorted: mAP and precision and recall by rank "
            + $"alone, after a sort of the database for each query, as published code does (timed on {PlainQueries} queries). Ratio: sorted to all metrics.");
        return 0;
    }

    /// <summary>Codes as a trained network gives them: a word for each class, of which every bit is flipped with probability 0.25.</summary>
    private static LabelledCodes Make(int bits, int count, Random random)
    {
        var words = new Random(1);
        ulong mask = ulong.MaxValue >> (64 - bits);
        ulong[] centres = [.. Enumerable.Range(0, Classes).Select(_ => Word(words))];
        var codes = new CodeMatrix(bits, count);
        var signatures = new CodeMatrix(SignatureBits, count);
        var labels = new LabelMatrix(Classes, count);
        for (int i = 0; i < count; i++)
        {
            int label = random.Next(Classes);
            labels.Add(i, label);
            codes.Set(i, BinaryCode.FromWords([(centres[label] ^ (Word(random) & Word(random))) & mask], bits));
            signatures.Set(i, BinaryCode.FromWords([Word(random), Word(random), Word(random), Word(random)], SignatureBits));
        }

        return new LabelledCodes(codes, labels, signatures);
    }

    private static ulong Word(Random random) => (ulong)random.NextInt64(long.MinValue, long.MaxValue);

    private static double Median(Action action)
    {
        var seconds = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[Runs / 2];
    }
}
