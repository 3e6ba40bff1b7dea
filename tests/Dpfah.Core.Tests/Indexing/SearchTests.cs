using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Tests.Evaluation;

namespace Dpfah.Core.Tests.Indexing;

public class SearchTests
{
    [Fact]
    public void Search_agrees_with_the_definition()
    {
        SearchCase.Any.Sample(
            c => NaiveRanking.AssertSame(NaiveRanking.Search(c.Entries, c.Query), c.Index().Snapshot.Search(c.Query)), iter: 2_000);
    }

    [Fact]
    public void Search_agrees_with_the_definition_over_many_segments()
    {
        // Three segments and a part of a fourth; 8 bits give some 50 items at each distance.
        var random = new Random(7);
        IndexEntry<Item>[] entries = [.. Enumerable.Range(0, 13_000).Select(id => RandomEntry(id, 16, 8, random))];
        HammingIndex<Item> index = new SearchCase(16, 8, entries, null!).Index();
        foreach (int k in new[] { 1, 10, 4_096, 13_000, 20_000 })
        {
            var query = new IndexQuery<Item> { Code = entries[k % 13].Code, Signature = entries[k % 7].Signature, K = k };
            NaiveRanking.AssertSame(NaiveRanking.Search(entries, query), index.Snapshot.Search(query));
        }
    }

    [Fact]
    public void Pages_give_every_item_once_in_the_total_order()
    {
        SearchCase.Any.Sample(
            c =>
            {
                IndexSnapshot<Item> snapshot = c.Index().Snapshot;
                IndexQuery<Item> whole = c.Query with { After = null, K = int.MaxValue };
                var paged = new List<Neighbor<Item>>();
                IndexQuery<Item> page = whole with { K = 1 + (c.Query.K % 7) };
                do
                {
                    IndexAnswer<Item> answer = snapshot.Search(page);
                    paged.AddRange(answer.Neighbors);
                    Assert.True(paged.Count <= c.Entries.Length, "The pages repeat.");
                    page = page with { After = answer.Next };
                }
                while (page.After is not null);

                Assert.Equal(NaiveRanking.Search(c.Entries, whole).Neighbors, paged);
            },
            iter: 500);
    }

    [Fact]
    public void An_item_finds_itself_before_all_that_share_its_code()
    {
        var random = new Random(3);
        BinaryCode code = BinaryCode.FromBytes([1, 2, 3, 4]);
        IndexEntry<Item>[] entries = [.. Enumerable.Range(0, 500).Select(id => RandomEntry(id, 32, 256, random) with { Code = code })];
        IndexSnapshot<Item> snapshot = new SearchCase(32, 256, entries, null!).Index().Snapshot;
        Assert.All(entries, entry =>
        {
            IndexAnswer<Item> answer = snapshot.Search(new IndexQuery<Item> { Code = code, Signature = entry.Signature, K = 1 });
            Assert.Equal(new Neighbor<Item>(entry.Id, 0, null, 0, entry.Item), Assert.Single(answer.Neighbors));
            Assert.Equal((0, 0L, 500L), (answer.CutDistance, answer.BelowCut, answer.TiedAtCut));
        });
    }

    [Fact]
    public void Distances_and_stable_order_agree_with_the_reference()
    {
        Assert.All(GoldenRanking.All(), golden =>
        {
            var index = new HammingIndex<int>(golden.Database[0].Bits);
            BinaryCode signature = BinaryCode.FromBytes(new byte[32]);
            index.Apply([.. golden.Database.Select((code, i) => IndexChange<int>.Put(i, code, signature, i))]);
            IndexAnswer<int>[] answers =
                [.. golden.Queries.Select(q => index.Snapshot.Search(new IndexQuery<int> { Code = q, K = golden.Database.Length }))];

            Assert.Equal(golden.Order("order_query_0"), answers[0].Neighbors.Select(n => (int)n.Id));
            Assert.Equal(golden.Matrix("distance"), answers.Select(a => a.Neighbors.OrderBy(n => n.Id).Select(n => n.Distance)));
        });
    }

    [Fact]
    public void An_empty_index_answers_with_no_neighbors()
    {
        IndexAnswer<Item> answer = new HammingIndex<Item>(64).Snapshot.Search(new IndexQuery<Item> { Code = BinaryCode.FromBytes(new byte[8]), K = 10 });
        Assert.Empty(answer.Neighbors);
        Assert.Equal((null, 0L, 0L, null), (answer.CutDistance, answer.BelowCut, answer.TiedAtCut, answer.Next));
    }

    [Fact]
    public void A_query_that_the_index_cannot_answer_is_refused_by_name()
    {
        IndexSnapshot<Item> snapshot = new HammingIndex<Item>(64).Snapshot;
        var good = new IndexQuery<Item> { Code = BinaryCode.FromBytes(new byte[8]), K = 1 };
        Refused(good with { Code = BinaryCode.FromBytes(new byte[4]) }, "Code");
        Refused(good with { Code = default }, "Code");
        Refused(good with { Signature = BinaryCode.FromBytes(new byte[8]) }, "Signature");
        Refused(good with { Weights = new ushort[63] }, "Weights");
        Refused(good with { Weights = new ushort[64], After = new RankKey(3, null, 1) }, "After");
        Refused(good with { K = 0 }, "K");
        Refused(good with { K = -1 }, "K");
        Refused(good with { Radius = -1 }, "Radius");
        Refused(good with { Radius = 65 }, "Radius");
        Refused(good with { After = new RankKey(3, 20, 1) }, "After");
        Refused(good with { Signature = BinaryCode.FromBytes(new byte[32]), After = new RankKey(3, null, 1) }, "After");

        void Refused(IndexQuery<Item> query, string name) => Assert.Throws<ArgumentException>(name, () => snapshot.Search(query));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(250_000)]
    public void A_cancelled_search_stops_within_65536_codes(int cancelAt)
    {
        var random = new Random(5);
        using var source = new CancellationTokenSource();
        int looked = 0;
        var watched = new Watched(() =>
        {
            if (++looked == cancelAt)
            {
                source.Cancel();
            }
        });
        var index = new HammingIndex<Watched>(64, 0, new IndexTuning { TailCapacity = 200_000 });
        index.Apply([.. Enumerable.Range(0, 200_000).Select(id => IndexChange<Watched>.Put(id, RandomEntry(id, 64, 8, random).Code, default, watched))]);
        var query = new IndexQuery<Watched> { Code = BinaryCode.FromBytes(new byte[8]), K = 200_000, Filter = ItemFilter.Not(ItemFilter.Exists("x")) };
        Assert.Throws<OperationCanceledException>(() => index.Snapshot.Search(query, source.Token));
        Assert.InRange(looked, cancelAt, cancelAt + 65_536);
    }

    [Fact]
    public void A_search_does_not_allocate_by_the_number_of_items()
    {
        var random = new Random(11);
        IndexSnapshot<Item> snapshot = new SearchCase(
            64, 8, [.. Enumerable.Range(0, 50_000).Select(id => RandomEntry(id, 64, 8, random))], null!).Index().Snapshot;
        var query = new IndexQuery<Item> { Code = BinaryCode.FromBytes(new byte[8]), Signature = BinaryCode.FromBytes(new byte[1]), K = 10 };
        snapshot.Search(query);
        long before = GC.GetAllocatedBytesForCurrentThread();
        snapshot.Search(query);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
    }

    [Fact]
    public void Rank_keys_order_by_distance_then_fine_distance_then_id()
    {
        RankKey[] ascending = [new(0, 9, 9, 9), new(1, 0, 5, 1), new(1, 2, -7, 1), new(1, 2, 3, 1), new(1, 0, 0, 2), new(2, 0, 0, 0)];
        Assert.Equal(ascending, ascending.Reverse().Order());
        Assert.True(ascending[1] < ascending[2] && ascending[3] > ascending[2] && ascending[0] <= ascending[1] && ascending[4] >= ascending[3]);
    }

    /// <summary>An item that tells when a filter looks at it.</summary>
    private sealed class Watched(Action looked) : IFilterable
    {
        public ReadOnlySpan<ItemField> Fields
        {
            get
            {
                looked();
                return default;
            }
        }
    }

    private static IndexEntry<Item> RandomEntry(long id, int bits, int signatureBits, Random random)
    {
        var code = new byte[bits / 8];
        var signature = new byte[signatureBits / 8];
        random.NextBytes(code);
        random.NextBytes(signature);
        return new IndexEntry<Item>(id, BinaryCode.FromBytes(code), BinaryCode.FromBytes(signature), new Item($"item {id}", (int)(id % 4)));
    }
}
