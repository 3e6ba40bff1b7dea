using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine;
using Dpfah.Engine.Data;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpfah.Benchmarks;

/// <summary>Time from the tables of the service to an index that answers, as one JSON line.</summary>
internal static class LoadSpeed
{
    private const string Collection = "load";
    private const int K = 10;

    /// <summary><c>--codes N --provider postgres|sqlite --connection CONNECTION-STRING-OR-FOLDER [--bits 64]</c>.</summary>
    public static int Run(string[] args)
    {
        if (NamedOptions.Read(args, new() { ["codes"] = "1000000", ["provider"] = "sqlite", ["connection"] = "", ["bits"] = "64" }) is not { } options)
        {
            return 1;
        }

        if (options["connection"].Length == 0 || options["provider"] is not ("postgres" or "sqlite"))
        {
            Console.Error.WriteLine(
                "--provider postgres needs the --connection string of a superuser and an empty database, --provider sqlite a folder as --connection. "
                + "A database that an earlier run filled is used again.");
            return 1;
        }

        RunAsync(options["provider"], options["connection"], options.Number("codes"), options.Number("bits")).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(string provider, string connection, int count, int bits)
    {
        bool postgres = provider == "postgres";
        var settings = new EngineOptions { DataFolder = postgres ? Path.GetTempPath() : connection };
        Directory.CreateDirectory(settings.DataFolder);
        await using Database database = postgres
            ? new PostgresDatabase(connection)
            : new SqliteDatabase(Path.Combine(settings.DataFolder, EngineOptions.SqliteFileName));
        var data = new LoadData(bits);
        var models = new ModelStore(database, data, TimeProvider.System);
        int epoch = await database.PrepareAsync(CancellationToken.None);
        await data.EnsureAsync(database, models, Collection, count);

        // Memory of filling the database is not that of loading it.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        double before = MegabytesOf("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5");
        using var follower = new IndexFollower(database, models, settings, new RecentQueries(), NullLogger<IndexFollower>.Instance);
        long start = Stopwatch.GetTimestamp(), firstRows = 0, lastRow = 0;
        (int least, int most) = (GC.CollectionCount(0), GC.CollectionCount(GC.MaxGeneration));
        long allocated = GC.GetTotalAllocatedBytes();
        TimeSpan pauses = GC.GetTotalPauseDuration(), processor = Environment.CpuUsage.TotalTime, reading = processor;
        await follower.LoadAsync(
            epoch,
            (_, _) =>
            {
                (lastRow, reading) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                firstRows = firstRows == 0 ? lastRow : firstRows;
            },
            CancellationToken.None);
        long built = Stopwatch.GetTimestamp();
        (reading, processor, pauses) = (reading - processor, Environment.CpuUsage.TotalTime - processor, GC.GetTotalPauseDuration() - pauses);
        (int Least, int Most) counted = (GC.CollectionCount(0) - least, GC.CollectionCount(GC.MaxGeneration) - most);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        IndexSnapshot<IndexedItem> snapshot = follower.Find(Collection)!.Snapshot;
        (long number, IndexAnswer<IndexedItem> answer) = Search(data, snapshot, bits, count);
        long answered = Stopwatch.GetTimestamp();
        double peak = MegabytesOf("VmHWM");
        Check(data, bits, count, number, answer);
        GC.Collect();
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["provider"] = provider,
            ["bits"] = bits,
            ["codes"] = snapshot.Count,
            ["seconds"] = Seconds(start, answered),
            ["codes_per_s"] = Math.Round(count / Stopwatch.GetElapsedTime(start, answered).TotalSeconds),
            ["to_first_rows_s"] = Seconds(start, firstRows),
            ["reading_s"] = Seconds(firstRows, lastRow),
            ["building_s"] = Seconds(lastRow, built),
            ["first_search_s"] = Seconds(built, answered),
            ["reading_processor_s"] = Math.Round(reading.TotalSeconds, 2),
            ["processor_s"] = Math.Round(processor.TotalSeconds, 2),
            ["gc_pauses_s"] = Math.Round(pauses.TotalSeconds, 2),
            ["gcs"] = counted.Least,
            ["full_gcs"] = counted.Most,
            ["allocated_mb"] = Math.Round(allocated / 1e6),
            ["peak_mb"] = Math.Round(peak),
            ["mb_before"] = Math.Round(before),
            ["heap_bytes_per_code"] = Math.Round((double)GC.GetTotalMemory(forceFullCollection: true) / count, 1),
            ["index_bytes_per_code"] = Math.Round((double)snapshot.MemoryBytes / count, 1),
            ["threads"] = Environment.ProcessorCount,
        }));
        GC.KeepAlive(follower);
    }

    private static (long Number, IndexAnswer<IndexedItem> Answer) Search(LoadData data, IndexSnapshot<IndexedItem> snapshot, int bits, int count)
    {
        long number = (count / 2) + 1;
        var code = new ulong[BinaryCode.WordsFor(bits)];
        var signature = new ulong[BinaryCode.WordsFor(ImageCode.SignatureBits)];
        data.Words(number, code, signature);
        return (number, snapshot.Search(new IndexQuery<IndexedItem>
        {
            Code = BinaryCode.FromWords(code, bits),
            Signature = BinaryCode.FromWords(signature, ImageCode.SignatureBits),
            K = K,
        }));
    }

    /// <summary>Compares an answer with a loop over all items and a sort.</summary>
    private static void Check(LoadData data, int bits, int count, long query, IndexAnswer<IndexedItem> answer)
    {
        int codeWords = BinaryCode.WordsFor(bits), signatureWords = BinaryCode.WordsFor(ImageCode.SignatureBits);
        ulong[] code = new ulong[codeWords], signature = new ulong[signatureWords], otherCode = new ulong[codeWords], otherSignature = new ulong[signatureWords];
        data.Words(query, code, signature);
        var near = new PriorityQueue<RankKey, RankKey>(Comparer<RankKey>.Create((a, b) => b.CompareTo(a)));
        for (long number = 1; number <= count; number++)
        {
            data.Words(number, otherCode, otherSignature);
            var key = new RankKey(Hamming.Distance(code, otherCode), Hamming.Distance(signature, otherSignature), number);
            near.Enqueue(key, key);
            if (near.Count > K)
            {
                near.Dequeue();
            }
        }

        IEnumerable<RankKey> wanted = near.UnorderedItems.Select(item => item.Element).Order();
        if (!wanted.SequenceEqual(answer.Neighbors.Select(n => new RankKey(n.Distance, n.FineDistance, n.Id)))
            || answer.Neighbors.Any(n => n.Item.PublicId != LoadData.PublicId(n.Id) || !n.Item.Labels.SequenceEqual(LoadData.LabelsOf(n.Id))))
        {
            throw new InvalidOperationException("The answer differs from the plain loop's.");
        }
    }

    private static double Seconds(long from, long to) => Math.Round(Stopwatch.GetElapsedTime(from, to).TotalSeconds, 3);

    private static double MegabytesOf(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..^" kB".Length].Trim(), CultureInfo.InvariantCulture) / 1e3;
    }
}
