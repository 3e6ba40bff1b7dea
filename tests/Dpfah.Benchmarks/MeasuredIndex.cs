using System.Diagnostics;
using System.Numerics;
using System.Runtime;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Benchmarks;

/// <summary>An index of raw codes, to be timed; the id of a code is its row.</summary>
internal sealed class MeasuredIndex
{
    private const int SignatureWords = 4;

    private readonly RawCodes codes;
    private readonly RawCodes queries;
    private readonly bool hasSignatures;
    private readonly IndexSnapshot<byte> snapshot;

    /// <param name="codes">What is searched.</param>
    /// <param name="queries">What is looked for.</param>
    /// <param name="path"><c>auto</c>, or what every query is forced to: <c>scan</c>, <c>tables</c>.</param>
    /// <param name="hasSignatures">Whether codes and queries have random signatures, which order equal distances.</param>
    /// <param name="kernel">The kernel that scans; null for the best here.</param>
    public MeasuredIndex(RawCodes codes, RawCodes queries, string path = "auto", bool hasSignatures = false, ScanKernel? kernel = null)
    {
        this.codes = codes;
        this.queries = queries;
        this.hasSignatures = hasSignatures;
        long start = Stopwatch.GetTimestamp();
        var loader = new IndexLoader<byte>(codes.Bits, hasSignatures ? 64 * SignatureWords : 0, codes.Count, Tuning(path) with { Kernel = kernel ?? ScanKernel.Best });
        Span<ulong> signature = stackalloc ulong[hasSignatures ? SignatureWords : 0];
        for (int i = 0; i < codes.Count; i++)
        {
            Sign(signature, i);
            loader.Add(i, codes[i], signature, 0);
        }

        snapshot = loader.Build().Snapshot;
        BuildSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.Collect();
    }

    public double BuildSeconds { get; }

    public PathCounts Paths => snapshot.Paths;

    /// <summary>Bytes of the whole, without the callers' record of an item, which is a byte here.</summary>
    public long Bytes => snapshot.MemoryBytes - snapshot.Count;

    /// <summary>Bytes of the tables alone.</summary>
    public long TableBytes
    {
        get
        {
            long sum = 0;
            foreach (var view in snapshot.Views)
            {
                sum += view.Segment.Tables?.MemoryBytes ?? 0;
            }

            return sum;
        }
    }

    /// <summary>Codes that are stored: equal ones once where the index found that to pay.</summary>
    public int Stored
    {
        get
        {
            int sum = 0;
            foreach (var view in snapshot.Views)
            {
                sum += view.Positions;
            }

            return sum;
        }
    }

    public IndexQuery<byte>[] Queries(int count, int k, int? radius)
    {
        var signature = new ulong[SignatureWords];
        return [.. Enumerable.Range(0, Math.Min(count, queries.Count)).Select(Query)];

        IndexQuery<byte> Query(int i)
        {
            // Another number than that of any code.
            Sign(signature, ~i);
            return new IndexQuery<byte>
            {
                Code = BinaryCode.FromWords(queries[i], codes.Bits),
                Signature = hasSignatures ? BinaryCode.FromWords(signature, 64 * SignatureWords) : null,
                K = radius is null ? k : int.MaxValue,
                Radius = radius,
            };
        }
    }

    /// <summary>Answers all queries, so many at a time.</summary>
    public IndexAnswer<byte>[] Search(IndexQuery<byte>[] wanted, int batch, int threads)
    {
        if (batch == 1)
        {
            return Array.ConvertAll(wanted, query => snapshot.Search(query));
        }

        return [.. wanted.Chunk(batch).SelectMany(chunk => snapshot.SearchBatch(chunk, threads))];
    }

    /// <summary>Searches until the compiler's later tiers have had their turn, as in a service that has run for some seconds.</summary>
    /// <param name="wanted">Queries like those that are timed.</param>
    /// <param name="batch">So many at a time.</param>
    /// <param name="threads">Threads of a batch.</param>
    /// <param name="time">At least so long, and until nothing was compiled for as long again; at most twenty times as long.</param>
    public void WarmUp(IndexQuery<byte>[] wanted, int batch, int threads, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan last = TimeSpan.Zero;
        long compiled = JitInfo.GetCompiledMethodCount();
        while (watch.Elapsed - last < time && watch.Elapsed < 20 * time)
        {
            Search(wanted, batch, threads);

            // A compiler that shares the core needs the pause.
            Thread.Sleep(1);
            if (JitInfo.GetCompiledMethodCount() != compiled)
            {
                (compiled, last) = (JitInfo.GetCompiledMethodCount(), watch.Elapsed);
            }
        }
    }

    /// <summary>Compares some answers with a loop over all codes and a sort.</summary>
    /// <exception cref="InvalidOperationException">One differs.</exception>
    public void Check(IndexQuery<byte>[] wanted, IndexAnswer<byte>[] answers, int count)
    {
        var signature = new ulong[hasSignatures ? SignatureWords : 0];
        for (int q = 0; q < Math.Min(count, wanted.Length); q++)
        {
            IndexQuery<byte> query = wanted[q];
            int limit = query.Radius ?? answers[q].CutDistance ?? -1;
            var near = new List<(int Distance, int Fine, long Id)>();
            for (int i = 0; i < codes.Count; i++)
            {
                int distance = Distance(codes[i], query.Code.Words);
                if (distance <= limit)
                {
                    Sign(signature, i);
                    near.Add((distance, hasSignatures ? Distance(signature, query.Signature!.Value.Words) : 0, i));
                }
            }

            IEnumerable<(int, long)> found = answers[q].Neighbors.Select(n => (n.Distance, n.Id));
            if (!near.Order().Take(query.K).Select(n => (n.Distance, n.Id)).SequenceEqual(found))
            {
                throw new InvalidOperationException($"Query {q}: the answer differs from the plain loop's.");
            }
        }
    }

    private static IndexTuning Tuning(string path) => path switch
    {
        "auto" => IndexTuning.Default,
        "scan" => IndexTuning.Default with { LeastTabledCodes = int.MaxValue },
        "tables" => IndexTuning.Default with { LeastTabledCodes = 0, Costs = IndexTuning.Default.Costs with { ScannedCode = 1e9, SlicedCode = 1e9 } },
        _ => throw new ArgumentException($"'{path}' is not a path; there are auto, scan and tables.", nameof(path)),
    };

    private static int Distance(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        int distance = 0;
        for (int word = 0; word < a.Length; word++)
        {
            distance += BitOperations.PopCount(a[word] ^ b[word]);
        }

        return distance;
    }

    /// <summary>Words without pattern that depend on a number alone (SplitMix64).</summary>
    private static void Sign(Span<ulong> signature, int number)
    {
        for (int word = 0; word < signature.Length; word++)
        {
            ulong x = ((ulong)(uint)number * SignatureWords + (ulong)word + 1) * 0x9E3779B97F4A7C15;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            signature[word] = x ^ (x >> 31);
        }
    }
}
