using System.Collections.Immutable;
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
    private const int Ids = 300;

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
            Costs = new SearchCosts(ScannedCode: seed % 3 == 0 ? 1e6 : 20, SlicedCode: 4, Bucket: 1, FarBucket: 1, Candidate: 1, Walked: 100, Offered: 0),
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
                    index.Apply([.. entries.Select(PutOf)]);
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
        Assert.All([paths.Scans, paths.Sliced, paths.Tables, paths.Walks], count => Assert.NotEqual(0, count));
        output.WriteLine(
            $"operations {done.Values.Sum()}/{Operations} agree at {bits} bits with {kernel}: {string.Join(", ", done.Select(d => $"{d.Key} {d.Value}"))}; "
            + $"paths: scan {paths.Scans}, sliced {paths.Sliced}, tables {paths.Tables}, walks {paths.Walks}");

        RankKey? Search()
        {
            IndexAnswer<Item> answer = index.Snapshot.Search(lastQuery);
            NaiveRanking.AssertSame(NaiveRanking.Search(model.Values, lastQuery), answer);
            return answer.Next;
        }
    }

    /// <summary>
    /// A writer and two readers at once, with merges beside them. Each set of changes also writes its number into an item of its own,
    /// so that a reader knows which state of the dictionary its snapshot must agree with.
    /// </summary>
    [Theory]
    [InlineData(64, 40, 5)]
    [InlineData(48, 1_000, 6)]
    public async Task Readers_beside_a_writer_find_what_the_dictionary_of_their_moment_has(int bits, int different, int seed)
    {
        const int writes = 4_000, readings = 3_000, marker = -1;
        var draw = new Random(seed);
        BinaryCode[] codes = [.. Enumerable.Range(0, different).Select(_ => RandomCode(bits, draw))];
        var index = new HammingIndex<Item>(bits, SignatureBits, new IndexTuning
        {
            TailCapacity = 48,
            LeastTabledCodes = 20,
            Costs = new SearchCosts(ScannedCode: 20, SlicedCode: 4, Bucket: 1, FarBucket: 1, Candidate: 1, Walked: 100, Offered: 0),
        });
        var states = new ImmutableDictionary<long, IndexEntry<Item>>[writes + 1];
        states[0] = ImmutableDictionary<long, IndexEntry<Item>>.Empty;
        Apply(0, []);
        using var start = new Barrier(3);
        int[] read = [0, 0];
        Task<int> writer = Run(seed + 1, random =>
        {
            for (int number = 1; number <= writes; number++)
            {
                if (number % 100 == 0)
                {
                    // Else it may be done before they have begun, where cores are few.
                    int[] before = [Volatile.Read(ref read[0]), Volatile.Read(ref read[1])];
                    SpinWait.SpinUntil(() => Array.TrueForAll([0, 1], reader => Volatile.Read(ref read[reader]) > before[reader] || before[reader] == int.MaxValue));
                }

                Apply(number, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(3) == 0
                    ? IndexChange<Item>.Delete(RandomId(random))
                    : PutOf(RandomEntry(codes, random)))]);
            }

            return writes;
        });
        Task<int>[] readers = [.. Enumerable.Range(0, 2).Select(reader => Run(seed + 2 + reader, random =>
        {
            var seen = new HashSet<int>();
            try
            {
                for (int i = 0; i < readings; i++)
                {
                    IndexSnapshot<Item> snapshot = index.Snapshot;
                    Assert.True(snapshot.TryGet(marker, out IndexEntry<Item> mark));
                    ImmutableDictionary<long, IndexEntry<Item>> state = states[mark.Item.Label];
                    IndexQuery<Item>[] queries = [.. Enumerable.Range(0, i % 10 == 0 ? 6 : 1).Select(_ => RandomQuery(codes, random))];
                    IndexAnswer<Item>[] answers = snapshot.SearchBatch(queries);
                    for (int q = 0; q < queries.Length; q++)
                    {
                        NaiveRanking.AssertSame(NaiveRanking.Search(state.Values, queries[q]), answers[q]);
                    }

                    seen.Add(mark.Item.Label);
                    Volatile.Write(ref read[reader], i + 1);
                }
            }
            finally
            {
                Volatile.Write(ref read[reader], int.MaxValue);
            }

            return seen.Count;
        }))];
        Assert.Equal(writes, await writer);
        int[] moments = await Task.WhenAll(readers);
        Assert.All(moments, count => Assert.True(count > 10, $"a reader saw {count} states only"));
        Assert.Equal(states[writes].Values.OrderBy(e => e.Id), index.Snapshot.Entries.OrderBy(e => e.Id));
        output.WriteLine($"{writes} sets of changes beside {readers.Length} x {readings} readings at {bits} bits agree; states seen: {string.Join(", ", moments)}");

        void Apply(int number, IndexChange<Item>[] changes)
        {
            changes = [.. changes, PutOf(new IndexEntry<Item>(marker, codes[0], RandomCode(SignatureBits, draw), new Item("mark", number)))];
            ImmutableDictionary<long, IndexEntry<Item>> state = states[Math.Max(0, number - 1)];
            foreach (IndexChange<Item> change in changes)
            {
                state = change.IsDelete ? state.Remove(change.Id) : state.SetItem(change.Id, change.Entry);
            }

            // Before the index shows it.
            Volatile.Write(ref states[number], state);
            index.Apply(changes);
        }

        Task<int> Run(int randomSeed, Func<Random, int> work) => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return work(new Random(randomSeed));
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private static IndexChange<Item> PutOf(IndexEntry<Item> entry) => IndexChange<Item>.Put(entry.Id, entry.Code, entry.Signature, entry.Item);

    private static void AssertUnchanged((IndexSnapshot<Item> Snapshot, IndexEntry<Item>[] Entries) held)
    {
        Assert.Equal(held.Entries, held.Snapshot.Entries);
        Assert.All(held.Entries, entry =>
        {
            Assert.True(held.Snapshot.TryGet(entry.Id, out IndexEntry<Item> found));
            Assert.Equal(entry, found);
        });
    }

    private static long RandomId(Random random) => random.Next(Ids);

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
        return new IndexQuery<Item>
        {
            Code = codes[random.Next(codes.Length)],
            Signature = random.Next(3) == 0 ? null : RandomCode(SignatureBits, random),
            Weights = random.Next(3) == 0 ? [.. Enumerable.Range(0, codes[0].Bits).Select(_ => (ushort)random.Next(random.Next(2) == 0 ? 3 : 65_536))] : null,
            K = random.Next(1, 30),
            Radius = random.Next(3) == 0 ? random.Next(codes[0].Bits + 1) : null,
            Filter = random.Next(2) == 0 ? RandomFilter.Draw(random, Ids).Filter : null,
            Exclude = random.Next(3) == 0 ? RandomId(random) : null,
        };
    }
}
