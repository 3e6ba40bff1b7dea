using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>Thousands of random operations on an index beside a dictionary that does the same.</summary>
public class RandomOperationsTests(ITestOutputHelper output)
{
    private const int Operations = 5_000;
    private const int SignatureBits = 16;

    [Theory]
    [InlineData(16, 1)]
    [InlineData(64, 2)]
    [InlineData(128, 3)]
    public void The_index_does_what_a_dictionary_does(int bits, int seed)
    {
        var random = new Random(seed);
        BinaryCode[] codes = [.. Enumerable.Range(0, 40).Select(_ => RandomCode(bits, random))];
        var index = new HammingIndex<Item>(bits, SignatureBits);
        var model = new Dictionary<long, IndexEntry<Item>>();
        var held = new Queue<(IndexSnapshot<Item> Snapshot, IndexEntry<Item>[] Entries)>();
        var done = new SortedDictionary<string, int>();
        RankKey? next = null;
        IndexQuery<Item> lastQuery = RandomQuery(codes, random);
        for (int operation = 0; operation < Operations; operation++)
        {
            string name;
            switch (random.Next(10))
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
        output.WriteLine($"operations {done.Values.Sum()}/{Operations} agree at {bits} bits: {string.Join(", ", done.Select(d => $"{d.Key} {d.Value}"))}");

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
