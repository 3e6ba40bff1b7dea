using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>Thousands of random operations on an index beside a dictionary that does the same.</summary>
public class RandomOperationsTests(ITestOutputHelper output)
{
    private const int Operations = 5_000;
    private const int SignatureBits = 16;

    /// <summary>Lengths of codes, each with another kernel, and with how many different codes there are.</summary>
    public static TheoryData<int, string, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<int, string, int, int>();
            int[] lengths = [64, 16, 128, 32, 48, 96, 40];
            for (int i = 0; i < lengths.Length; i++)
            {
                cases.Add(lengths[i], ScanKernel.Supported[^(1 + (i % ScanKernel.Supported.Count))].Name, i % 2 == 0 ? 40 : 1_000, i);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_index_does_what_a_dictionary_does(int bits, string kernel, int different, int seed)
    {
        var random = new Random(seed);
        BinaryCode[] codes = [.. Enumerable.Range(0, different).Select(_ => RandomCode(bits, random))];
        var index = new HammingIndex<Item>(bits, SignatureBits, new IndexTuning
        {
            TailCapacity = 48,
            MergesInBackground = false,
            LeastTabledCodes = 20,
            Costs = new SearchCosts(ScannedCode: seed % 3 == 0 ? 1e6 : 20, SlicedCode: 4, Bucket: 1, Candidate: 1),
            Kernel = ScanKernel.Supported.Single(k => k.Name == kernel),
        });
        var model = new Dictionary<long, IndexEntry<Item>>();
        var held = new Queue<(IndexSnapshot<Item> Snapshot, IndexEntry<Item>[] Entries)>();
        var done = new SortedDictionary<string, int>();
        RankKey? next = null;
        IndexQuery<Item> lastQuery = RandomQuery(codes, random);
        for (int operation = 0; operation < Operations; operation++)
        {
            string name;
            switch (random.Next(12))
            {
                case <= 3:
                    name = "put";
                    IndexEntry<Item>[] entries = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomEntry(codes, random))];
                    index.Apply([.. entries.Select(e => IndexChange<Item>.Put(e.Id, e.Code, e.Signature, e.Item))]);
                    Array.ForEach(entries, e => model[e.Id] = e);
                    break;
                case <= 5:
                    name = "delete";
                    long[] ids = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomId(random))];
                    index.Apply([.. ids.Select(IndexChange<Item>.Delete)]);
                    Array.ForEach(ids, id => model.Remove(id));
                    break;
                case 6:
                    name = "get";
                    long wanted = RandomId(random);
                    Assert.Equal(model.TryGetValue(wanted, out IndexEntry<Item> expected), index.Snapshot.TryGet(wanted, out IndexEntry<Item> actual));
                    Assert.Equal(expected, actual);
                    break;
                case 7 when next is not null:
                    name = "page";
                    lastQuery = lastQuery with { After = next };
                    next = Search();
                    break;
                case 10:
                    name = "merge";
                    index.Merge();
                    break;
                case 11:
                    name = "batch";
                    IndexQuery<Item>[] queries = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomQuery(codes, random))];
                    IndexAnswer<Item>[] answers = index.Snapshot.SearchBatch(queries, threads: random.Next(1, 3));
                    for (int i = 0; i < queries.Length; i++)
                    {
                        NaiveRanking.AssertSame(NaiveRanking.Search(model.Values, queries[i]), answers[i]);
                    }

                    break;
                case 8:
                    name = "hold";
                    held.Enqueue((index.Snapshot, [.. index.Snapshot.Entries]));
                    if (held.Count > 5)
                    {
                        AssertUnchanged(held.Dequeue());
                    }

                    break;
                default:
                    name = "search";
                    lastQuery = RandomQuery(codes, random);
                    next = Search();
                    break;
            }

            Assert.Equal(model.Count, index.Snapshot.Count);
            done[name] = done.GetValueOrDefault(name) + 1;
        }

        Assert.Equal(model.Values.OrderBy(e => e.Id), index.Snapshot.Entries.OrderBy(e => e.Id));
        Assert.All(held, AssertUnchanged);
        PathCounts paths = index.Snapshot.Paths;
        Assert.All([paths.Scans, paths.Sliced, paths.Tables], count => Assert.NotEqual(0, count));
        output.WriteLine(
            $"operations {done.Values.Sum()}/{Operations} agree at {bits} bits with {kernel}: {string.Join(", ", done.Select(d => $"{d.Key} {d.Value}"))}; "
            + $"paths: scan {paths.Scans}, sliced {paths.Sliced}, tables {paths.Tables}");

        RankKey? Search()
        {
            IndexAnswer<Item> answer = index.Snapshot.Search(lastQuery);
            NaiveRanking.AssertSame(NaiveRanking.Search(model.Values, lastQuery), answer);
            return answer.Next;
        }
    }

    private static void AssertUnchanged((IndexSnapshot<Item> Snapshot, IndexEntry<Item>[] Entries) held)
    {
        Assert.Equal(held.Entries, held.Snapshot.Entries);
        Assert.All(held.Entries, entry =>
        {
            Assert.True(held.Snapshot.TryGet(entry.Id, out IndexEntry<Item> found));
            Assert.Equal(entry, found);
        });
    }

    private static long RandomId(Random random) => random.Next(300);

    private static BinaryCode RandomCode(int bits, Random random)
    {
        var bytes = new byte[bits / 8];
        random.NextBytes(bytes);
        return BinaryCode.FromBytes(bytes);
    }

    private static IndexEntry<Item> RandomEntry(BinaryCode[] codes, Random random)
    {
        long id = RandomId(random);
        return new IndexEntry<Item>(
            id, codes[random.Next(codes.Length)], RandomCode(SignatureBits, random), new Item($"{id}/{random.Next(1_000)}", random.Next(4)));
    }

    private static IndexQuery<Item> RandomQuery(BinaryCode[] codes, Random random)
    {
        int label = random.Next(8);
        return new IndexQuery<Item>
        {
            Code = codes[random.Next(codes.Length)],
            Signature = random.Next(3) == 0 ? null : RandomCode(SignatureBits, random),
            K = random.Next(1, 30),
            Radius = random.Next(3) == 0 ? random.Next(codes[0].Bits + 1) : null,
            Filter = label < 4 ? item => item.Label == label : null,
        };
    }
}
