using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Dpfah.Learning.Datasets;

namespace Dpfah.Benchmarks;

/// <summary>
/// The index against FAISS on the same raw files, in turn: every side is a process of its own, pinned to one core, and only one of
/// them works at a time. Prints Markdown. <c>compare-index.sh</c> builds the peer and calls it.
/// </summary>
internal sealed class IndexComparison
{
    private const int Checked = 100;
    private const int LargeBatch = 256;
    private const int LargeK = 1000;
    private const int Radius = 2;

    /// <summary>Codes that a pass of the peer looks at, all its queries together.</summary>
    private const double CodesOfPass = 2.5e9;

    // What the fast side repeats its passes for; the slow side makes one.
    private const double Seconds = 0.2;

    private const int FashionCount = 7_000_000;
    private const string Fashion = "Fashion-MNIST";

    /// <summary>How many times as fast as FAISS's flat scan the index is to be: single queries, batches.</summary>
    private static readonly Dictionary<(string Kind, int Count, int K), (double Single, double? Batch)> Goals = new()
    {
        [("uniform", 1_000_000, 10)] = (4, 6),
        [("uniform", 10_000_000, 10)] = (10, 7),
        [("uniform", 50_000_000, 10)] = (19, null),
        [("deep100", 1_000_000, 10)] = (70, 100),
        [("deep100", 10_000_000, 10)] = (150, 200),
        [("deep100", 10_000_000, LargeK)] = (40, null),
    };

    /// <summary>The length of code that the goals are for.</summary>
    private const int GoalBits = 64;

    private const double ThreadsGoal = 1.8;
    private const double PlainBytesGoal = 24;
    private const double TableBytesGoal = 72;

    private readonly NamedOptions options;
    private readonly int bits;
    private readonly int repeats;
    private readonly StringBuilder main = new(
        "| data | codes | search | queries at a time | FAISS, ms | here, ms | times as fast | in the single rounds | goal | met | path |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");

    private readonly StringBuilder threads = new(
        "| data | codes | FAISS, 1 and 2 threads, ms | ratio | here, 1 and 2 threads, ms | ratio | goal | met |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- |\n");

    private readonly StringBuilder memory = new(
        "| data | codes | stored | B a code without tables | goal | met | B a stored code with tables | goal | met | B a code in all | built in, s |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");

    private readonly StringBuilder approximate = new(
        "| data | codes | index | effort | recall | B a code | built in, s | FAISS, ms | here, exact, ms | times as fast |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");

    private string version = "";

    private IndexComparison(NamedOptions options)
    {
        this.options = options;
        bits = options.Number("bits");
        repeats = options.Number("repeats");
    }

    /// <summary>Options: see compare-index.sh.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new()
        {
            ["peer"] = "",
            ["build"] = "",
            ["sdk"] = "",
            ["commit"] = "",
            ["folder"] = "",
            ["dataset"] = FashionMnist.DebianFolder,
            ["sizes"] = "1000000,10000000",
            ["kinds"] = "uniform,deep100",
            ["bits"] = "64",
            ["repeats"] = "5",
            ["core"] = "1",
            ["cores"] = "0-1",
            ["fashion"] = "yes",
            ["approximate"] = "ivf,multihash",
            ["output"] = "",
        });
        if (options is null)
        {
            return 1;
        }

        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        string report = new IndexComparison(options).Report(load);
        Console.WriteLine(report);
        if (options["output"].Length != 0)
        {
            File.WriteAllText(options["output"], report);
        }

        return 0;
    }

    private string Report(string load)
    {
        int[] sizes = options.Numbers("sizes");
        foreach (int count in sizes)
        {
            foreach (string kind in options["kinds"].Split(','))
            {
                string folder = Path.Combine(options["folder"], $"{kind}-{bits}-{count}");
                if (!File.Exists(Path.Combine(folder, "queries.bin")))
                {
                    IndexData.Run([kind, $"{bits}", $"{count}", "1024", folder]);
                }

                Compare(kind, count, folder, comparesThreads: count == sizes[^1]);
                if (count == sizes[0])
                {
                    CompareApproximate(kind, count, folder);
                }
            }
        }

        if (options["fashion"] == "yes" && bits == 64)
        {
            string folder = Path.Combine(options["folder"], "fashion");
            if (!File.Exists(Path.Combine(folder, "queries.bin")))
            {
                Progress("encoding Fashion-MNIST");
                FashionCodes.Write(FashionCount, 1024, folder, options["dataset"]);
            }

            Compare(Fashion, FashionCount, folder, comparesThreads: false);
        }

        return $"""
            # index

            Exact search in Hamming space, {bits} bits, against FAISS {version} on the same raw files, by `tests/Dpfah.Benchmarks/compare-index.sh`.

            - {Tables.Cpu()}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB; {RuntimeInformation.OSDescription}; load before the run {load}
            - .NET SDK {options["sdk"]}, {RuntimeInformation.FrameworkDescription}; commit {options["commit"]}
            - FAISS {version}: {options["build"]}
            - each side a process on core {options["core"]}, one thread, OMP_WAIT_POLICY=passive; {repeats} rounds in turn after one that is not counted; medians of ms a query
            - uniform: random codes. deep100: 100 random centres, each code a centre with bits flipped at p = 0.02 to 0.05. {Fashion}: its 70,000 pictures
              under the model `dpfah-fashion-mnist-64`, repeated with 1 % of the bits flipped
            - checked: the sums of the k-th distances (with a radius: of all distances, and the number of hits) equal FAISS's in every row, and ids and
              distances of {Checked} queries a row equal a plain loop's
            - order: distance, id; "and signature": distance, distance of the 256-bit signatures, id, which FAISS has no counterpart for

            {main}
            ## Two threads

            Batches of {LargeBatch}, k = 10, on cores {options["cores"]}; ratio: throughput of two threads to that of one.

            {threads}
            ## Memory

            Signatures and the caller's record of an item apart. Stored: different codes where equal ones are stored once, else all.

            {memory}
            ## Approximate indexes of FAISS

            k = 10, one query at a time. Recall counts distances, so that a tie is no miss. Effort: nprobe, efSearch, bits flipped.

            {approximate}
            """.TrimEnd() + "\n";
    }

    private void Compare(string kind, int count, string folder, bool comparesThreads)
    {
        Progress($"{kind}, {count:N0} codes");
        using IndexSide peer = Peer(folder, "flat");
        version = peer.About.GetProperty("version").GetString()!;
        int single = (int)Math.Clamp(CodesOfPass / count, 64, 1000), many = Math.Max(LargeBatch, single / LargeBatch * LargeBatch);
        var searches = new List<IndexSearch> { new(10, null, 1, single), new(10, null, LargeBatch, many) };
        if (kind != "uniform")
        {
            searches.AddRange([new(LargeK, null, 1, single), new(LargeK, null, LargeBatch, many)]);
        }

        // Around real codes one query has a hundred thousand hits.
        searches.AddRange([new(0, Radius, 1, Math.Min(single, Checked)), new(0, Radius, LargeBatch, LargeBatch)]);
        using (IndexSide own = Own(folder))
        {
            Remember(kind, count, own.About);
            searches.ForEach(search => Row(kind, count, search, peer, own, ""));
            if (comparesThreads)
            {
                CompareThreads(kind, count, many, peer, own);
            }
        }

        if (kind == "deep100")
        {
            using IndexSide signed = Own(folder, "--signatures", "yes");
            searches[..2].ForEach(search => Row(kind, count, search, peer, signed, " and signature"));
        }
    }

    /// <summary>Rounds of the peer and the index in turn, the first of which is not counted.</summary>
    private void Row(string kind, int count, IndexSearch search, IndexSide peer, IndexSide own, string order)
    {
        var (theirs, ours) = (new double[repeats], new double[repeats]);
        JsonElement answer = default;
        for (int round = -1; round < repeats; round++)
        {
            JsonElement expected = peer.Turn(search, Seconds, 0);
            answer = own.Turn(search, Seconds, round < 0 ? Checked : 0);
            foreach (string sum in (string[])["hits", "distances"])
            {
                if (expected.GetProperty(sum).GetInt64() != answer.GetProperty(sum).GetInt64())
                {
                    throw new InvalidOperationException($"{kind}, {count:N0} codes, {search}: {sum} {answer.GetProperty(sum)}, FAISS has {expected.GetProperty(sum)}.");
                }
            }

            if (round >= 0)
            {
                (theirs[round], ours[round]) = (expected.GetProperty("ms").GetDouble(), answer.GetProperty("ms").GetDouble());
            }
        }

        double ratio = Median(theirs) / Median(ours);
        double[] ratios = [.. theirs.Zip(ours, (t, o) => t / o).Order()];
        double? goal = bits == GoalBits && search.Radius is null && order.Length == 0 && Goals.TryGetValue((kind, count, search.K), out var goals)
            ? search.Batch == 1 ? goals.Single : goals.Batch : null;
        string hits = search.Radius is null ? "" : $", {(double)answer.GetProperty("hits").GetInt64() / search.Queries:N0} hits";
        string row = $"| {kind} | {count:N0} | {search.What}{order}{hits} | {search.Batch} | {Ms(Median(theirs))} | {Ms(Median(ours))} | **{Ratio(ratio)}** "
            + $"| {Ratio(ratios[0])} to {Ratio(ratios[^1])} | {Goal(goal)} | {Met(ratio >= goal, goal)} | {PathOf(answer)} |";
        Progress(row);
        main.AppendLine(row);
    }

    private void CompareThreads(string kind, int count, int many, IndexSide peer, IndexSide own)
    {
        // Two batches at least, so that there is as much to share out as in a service.
        var one = new IndexSearch(10, null, LargeBatch, Math.Min(1024, 2 * many));
        IndexSearch two = one with { Threads = 2 };
        var ms = new double[4][];
        foreach (int i in (int[])[0, 1, 2, 3])
        {
            ms[i] = new double[repeats];
        }

        peer.Pin(options["cores"]);
        own.Pin(options["cores"]);
        own.Turn(one, Seconds, 0);
        own.Turn(two, Seconds, 0);
        for (int round = 0; round < repeats; round++)
        {
            ms[0][round] = peer.Turn(one, Seconds, 0).GetProperty("ms").GetDouble();
            ms[1][round] = peer.Turn(two, Seconds, 0).GetProperty("ms").GetDouble();
            ms[2][round] = own.Turn(one, Seconds, 0).GetProperty("ms").GetDouble();
            ms[3][round] = own.Turn(two, Seconds, 0).GetProperty("ms").GetDouble();
        }

        peer.Pin(options["core"]);
        own.Pin(options["core"]);
        double[] median = [.. ms.Select(Median)];
        double ratio = median[2] / median[3];
        threads.AppendLine(
            $"| {kind} | {count:N0} | {Ms(median[0])}, {Ms(median[1])} | {Ratio(median[0] / median[1])} | {Ms(median[2])}, {Ms(median[3])} | **{ratio:0.00}** "
            + $"| {ThreadsGoal} | {Met(ratio >= ThreadsGoal, ThreadsGoal)} |");
    }

    private void CompareApproximate(string kind, int count, string folder)
    {
        using IndexSide own = Own(folder);
        var search = new IndexSearch(10, null, 1, 200);
        foreach (string name in options["approximate"].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Progress($"{kind}, {count:N0} codes, {name}");
            using IndexSide peer = Peer(folder, name);
            foreach (int effort in name switch { "ivf" => (int[])[1, 16, 64], "hnsw" => [16, 128, 512], _ => [0, 1, 2] })
            {
                var (theirs, ours) = (new double[repeats], new double[repeats]);
                JsonElement answer = default;
                for (int round = -1; round < repeats; round++)
                {
                    answer = peer.Turn(search, Seconds, effort);
                    double ms = own.Turn(search, Seconds, 0).GetProperty("ms").GetDouble();
                    if (round >= 0)
                    {
                        (theirs[round], ours[round]) = (answer.GetProperty("ms").GetDouble(), ms);
                    }
                }

                approximate.AppendLine(
                    $"| {kind} | {count:N0} | {peer.About.GetProperty("settings").GetString()} | {effort} | {answer.GetProperty("recall").GetDouble():0.000} "
                    + $"| {peer.About.GetProperty("bytes_per_code").GetDouble():0} | {peer.About.GetProperty("build_s").GetDouble():0.0} "
                    + $"| {Ms(Median(theirs))} | {Ms(Median(ours))} | **{Ratio(Median(theirs) / Median(ours))}** |");
            }
        }
    }

    private void Remember(string kind, int count, JsonElement about)
    {
        double all = about.GetProperty("bytes").GetInt64(), tables = about.GetProperty("table_bytes").GetInt64(), stored = about.GetProperty("stored").GetInt32();
        double plain = (all - tables) / count, tabled = all / stored;
        double? plainGoal = bits == GoalBits ? PlainBytesGoal : null, tableGoal = bits == GoalBits && tables != 0 ? TableBytesGoal : null;
        memory.AppendLine(
            $"| {kind} | {count:N0} | {stored / count:0.0%} | {plain:0.00} | {Goal(plainGoal)} | {Met(plain <= plainGoal, plainGoal)} "
            + $"| {(tables == 0 ? "no tables" : $"{tabled:0.00}")} | {Goal(tableGoal)} | {Met(tabled <= tableGoal, tableGoal)} "
            + $"| {all / count:0.0} | {about.GetProperty("build_s").GetDouble():0.0} |");
    }

    private IndexSide Peer(string folder, string index) =>
        Pinned(new IndexSide(options["peer"], Path.Combine(folder, "codes.bin"), Path.Combine(folder, "queries.bin"), $"{bits}", index));

    private IndexSide Own(string folder, params string[] more) => Pinned(new IndexSide(
        Environment.ProcessPath!,
        ["index-turns", "--codes", Path.Combine(folder, "codes.bin"), "--queries", Path.Combine(folder, "queries.bin"), "--bits", $"{bits}", .. more]));

    private IndexSide Pinned(IndexSide side)
    {
        side.Pin(options["core"]);
        return side;
    }

    /// <summary>Which paths answered, each query and segment counted.</summary>
    private static string PathOf(JsonElement answer)
    {
        (string Name, long Count)[] paths =
            [.. ((string[])["tables", "sliced", "scans"]).Select(name => (name, answer.GetProperty(name).GetInt64())).Where(path => path.Item2 != 0)];
        double all = paths.Sum(path => path.Count);
        return string.Join(", ", paths.Select(path => path.Count == all ? path.Name : $"{path.Name} {path.Count / all:0.0%}"));
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static string Ms(double ms) => ms.ToString(ms < 0.1 ? "0.0000" : ms < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);

    private static string Ratio(double ratio) => ratio.ToString(ratio < 10 ? "0.00" : ratio < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Goal(double? goal) => goal is null ? "" : $"{goal}";

    private static string Met(bool met, double? goal) => goal is null ? "" : met ? "yes" : "no";

    private static void Progress(string line) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {line}");
}
