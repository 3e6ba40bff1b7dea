using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Core.Tests.Indexing;

public class FilterTests
{
    [Fact]
    public void A_filter_means_the_same_to_an_item_and_to_a_segment()
    {
        const int ids = 300;
        var random = new Random(17);
        IndexEntry<Item>[] entries = Entries(ids, random);
        HammingIndex<Item> index = Index(entries, new IndexTuning { MergesInBackground = false });
        var passing = new HashSet<int>();
        for (int i = 0; i < 2_000; i++)
        {
            RandomFilter drawn = RandomFilter.Draw(random, ids);
            IndexEntry<Item>[] wanted = [.. entries.Where(drawn.Passes)];
            Assert.Equal(wanted, entries.Where(e => drawn.Filter.Passes(e.Id, e.Item.Fields)));
            IndexAnswer<Item> answer = index.Snapshot.Search(new IndexQuery<Item> { Code = entries[0].Code, K = ids, Filter = drawn.Filter });
            Assert.Equal(wanted.Select(e => e.Id), answer.Neighbors.Select(n => n.Id).Order());
            passing.Add(wanted.Length);
        }

        // From none to all.
        Assert.True(passing.Count > 50 && passing.Contains(0) && passing.Contains(ids), $"{passing.Count} different selectivities");
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    [InlineData(0.01)]
    [InlineData(0.0001)]
    public void Each_selectivity_gives_the_ranking_of_the_definition_by_the_path_that_fits(double share)
    {
        const int count = 10_000;
        var random = new Random((int)(1 / share));
        IndexEntry<Item>[] entries = Entries(count, random);
        HammingIndex<Item> index = Index(entries, new IndexTuning { MergesInBackground = false, LeastTabledCodes = 1 });
        index.Apply([.. Enumerable.Range(0, 500).Select(_ => IndexChange<Item>.Delete(random.Next(count)))]);
        IndexEntry<Item>[] live = [.. index.Snapshot.Entries];
        ItemFilter filter = ItemFilter.Ids(live.OrderBy(e => e.Signature.Words[0]).Take((int)Math.Max(1, share * live.Length)).Select(e => e.Id));
        IndexQuery<Item>[] queries = [.. Enumerable.Range(0, 6).Select(_ => new IndexQuery<Item> { Code = RandomCode(64, random), K = 10, Filter = filter })];
        IndexAnswer<Item>[] together = index.Snapshot.SearchBatch(queries);
        for (int i = 0; i < queries.Length; i++)
        {
            IndexAnswer<Item> expected = NaiveRanking.Search(live, queries[i]);
            NaiveRanking.AssertSame(expected, together[i]);
            NaiveRanking.AssertSame(expected, index.Snapshot.Search(queries[i]));
        }

        Assert.Equal(share < 0.02, index.Snapshot.Paths.Walks == 2 * queries.Length);
        Assert.Equal(share > 0.05, index.Snapshot.Paths.Walks == 0);
    }

    [Fact]
    public void Values_order_by_kind_then_size()
    {
        FieldValue[] ascending =
        [
            FieldValue.Opaque, FieldValue.Null, FieldValue.Of(false), FieldValue.Of(true), FieldValue.Of(double.NegativeInfinity), FieldValue.Of(-1.5),
            FieldValue.Of(0), FieldValue.Of(1e300), FieldValue.Of(""), FieldValue.Of("B"), FieldValue.Of("a"), FieldValue.Of("aa"),
        ];
        Assert.Equal(ascending, ascending.Reverse().Order());
        Assert.Equal(ascending.Length, ascending.ToHashSet().Count);
        Assert.Equal(FieldValue.Of(0.0), FieldValue.Of(-0.0));
        Assert.NotEqual(FieldValue.Of("1"), FieldValue.Of(1));
        Assert.True(ascending[4] < ascending[5] && ascending[6] >= ascending[5] && ascending[9] <= ascending[10] && ascending[11] > ascending[10]);
    }

    [Fact]
    public void Limits_of_a_range_are_of_one_kind()
    {
        Assert.Throws<ArgumentException>("to", () => ItemFilter.Between("price", FieldValue.Of(1), FieldValue.Of("2")));
        Assert.Throws<ArgumentException>("to", () => ItemFilter.Between("price", null, null));
        Assert.Throws<ArgumentException>("from", () => ItemFilter.Between("price", FieldValue.Null, null));
        Assert.Throws<ArgumentException>("from", () => ItemFilter.Between("price", null, FieldValue.Of(true)));
    }

    [Fact]
    public void Items_without_fields_pass_no_condition_on_fields()
    {
        var index = new HammingIndex<string>(64, 0);
        index.Apply([IndexChange<string>.Put(4, BinaryCode.FromBytes(new byte[8]), default, "four")]);
        Assert.Empty(Search(ItemFilter.Exists("label")));
        Assert.Equal([4], Search(ItemFilter.Not(ItemFilter.Exists("label"))));
        Assert.Equal([4], Search(ItemFilter.Ids(4)));

        long[] Search(ItemFilter filter) =>
            [.. index.Snapshot.Search(new IndexQuery<string> { Code = BinaryCode.FromBytes(new byte[8]), K = 1, Filter = filter }).Neighbors.Select(n => n.Id)];
    }

    private static HammingIndex<Item> Index(IndexEntry<Item>[] entries, IndexTuning tuning)
    {
        var loader = new IndexLoader<Item>(64, 64, entries.Length, tuning);
        foreach (IndexEntry<Item> entry in entries)
        {
            loader.Add(entry.Id, entry.Code.Words, entry.Signature.Words, entry.Item);
        }

        return loader.Build();
    }

    private static IndexEntry<Item>[] Entries(int count, Random random) =>
    [
        .. Enumerable.Range(0, count).Select(id => new IndexEntry<Item>(
            id, RandomCode(64, random), RandomCode(64, random), new Item($"{random.Next(count)}/{id % 10} {(char)('a' + (id % 3))}", id % 5))),
    ];

    private static BinaryCode RandomCode(int bits, Random random)
    {
        var bytes = new byte[bits / 8];
        random.NextBytes(bytes);
        return BinaryCode.FromBytes(bytes);
    }
}
