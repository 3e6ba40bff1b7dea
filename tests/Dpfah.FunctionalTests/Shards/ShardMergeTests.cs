using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>What shards answer, sent as bytes and merged, against one index with all items.</summary>
public class ShardMergeTests
{
    private const int Items = 700;
    private const int Queries = 400;
    private const int Bits = 64;

    private static readonly string[] Labels = ["dog", "cat", "wild cat"];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(ShardLayout.MaxShards)]
    public void Shards_together_answer_as_one_index_does(int shards)
    {
        var random = new Random(shards);
        ItemState[] items = [.. Enumerable.Range(1, Items).Select(n => Item(n, random))];
        CollectionIndex whole = Index(items);
        CollectionIndex[] parts = [.. Enumerable.Range(0, shards).Select(shard => Index(items.Where(item => ShardLayout.ShardOf(item.Number, shards) == shard)))];
        RankKey? after = null;
        IndexQuery<IndexedItem> query = RandomQuery(random);
        int pages = 0, empty = 0;
        for (int i = 0; i < Queries; i++)
        {
            // Every other one goes on where the one before ended, with another k.
            (query, pages) = after is null || i % 4 == 0
                ? (RandomQuery(random), pages)
                : (query with { After = after, K = random.Next(1, 60) }, pages + 1);
            IndexAnswer<IndexedItem> expected = whole.Snapshot.Search(query);

            IndexQuery<IndexedItem>[] sent = ShardWire.ReadQueries(ShardWire.Write([query, query with { K = 1 }]));
            IndexAnswer<IndexedItem>[] answers = [.. parts.Select(part => ShardWire.ReadAnswers(ShardWire.Write(part.Snapshot.SearchBatch(sent), "size"))[0])];
            IndexAnswer<IndexedItem> merged = AnswerMerge.Of(answers, query.K);

            Assert.Equal(expected.Neighbors.Select(Told), merged.Neighbors.Select(Told));
            Assert.Equal((expected.CutDistance, expected.BelowCut, expected.TiedAtCut, expected.Next), (merged.CutDistance, merged.BelowCut, merged.TiedAtCut, merged.Next));
            after = merged.Next;
            empty += merged.Neighbors.Count == 0 ? 1 : 0;
        }

        Assert.InRange(pages, Queries / 8, Queries);
        Assert.InRange(empty, 1, Queries / 2);
    }

    [Fact]
    public void The_hash_of_a_number_never_changes_and_spreads_numbers_of_any_step_evenly()
    {
        // Written down once: another hash would leave stored collections with items in shards where nobody looks for them.
        Assert.Equal([0, 1, 0, 2, 6, 3], new long[] { 0, 1, 2, 3, 1_000_003, 1L << 40 }.Select((n, i) => ShardLayout.ShardOf(n, i < 4 ? 3 : 8)));
        foreach (int step in new[] { 1, 2, 3, 8, 1000, 65_536 })
        {
            int[] counts = new int[8];
            for (long n = 0; n < 80_000; n++)
            {
                counts[ShardLayout.ShardOf(n * step, 8)]++;
            }

            Assert.All(counts, count => Assert.InRange(count, 9_000, 11_000));
        }
    }

    [Fact]
    public void Bytes_of_another_version_are_refused_in_words()
    {
        byte[] bytes = ShardWire.Write([RandomQuery(new Random(1))]);
        bytes[0]++;

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => ShardWire.ReadQueries(bytes));

        Assert.Contains("version", error.Message, StringComparison.Ordinal);
    }

    private static (long, int, int?, int?, string, string, string) Told(Neighbor<IndexedItem> neighbor) => (
        neighbor.Id,
        neighbor.Distance,
        neighbor.WeightedDistance,
        neighbor.FineDistance,
        neighbor.Item.PublicId,
        string.Join(',', neighbor.Item.Labels),
        neighbor.Item.Properties.Single("size").ToString() ?? "");

    private static CollectionIndex Index(IEnumerable<ItemState> items)
    {
        var index = new CollectionIndex(1, "shards", new GenerationInfo(1, 1, "model", Bits, "decoder", "1"));
        index.Apply([.. items]);
        return index;
    }

    private static ItemState Item(int n, Random random)
    {
        // Few codes and few signatures: ties at every level, to the item number.
        var code = new byte[Bits / 8];
        code[0] = (byte)random.Next(16);
        var signature = new byte[ImageCode.SignatureBits / 8];
        signature[3] = (byte)random.Next(4);
        string? metadata = random.Next(3) == 0 ? null : $$"""{"price":{{random.Next(100)}},"size":{{(random.Next(2) == 0 ? "\"S\"" : "[1,2]")}}}""";
        return new ItemState(
            n, true, $"p{n}", [.. Labels.Where(_ => random.Next(2) == 0)], metadata, BinaryCode.FromBytes(code), BinaryCode.FromBytes(signature));
    }

    private static IndexQuery<IndexedItem> RandomQuery(Random random)
    {
        var code = new byte[Bits / 8];
        code[0] = (byte)random.Next(32);
        var signature = new byte[ImageCode.SignatureBits / 8];
        signature[3] = (byte)random.Next(4);
        return new IndexQuery<IndexedItem>
        {
            Code = BinaryCode.FromBytes(code),
            Signature = random.Next(4) == 0 ? null : BinaryCode.FromBytes(signature),
            Weights = random.Next(4) == 0 ? [.. Enumerable.Range(0, Bits).Select(_ => (ushort)random.Next(3))] : null,
            K = random.Next(3) == 0 ? random.Next(1, 5) : random.Next(1, Items + 50),
            Radius = random.Next(3) == 0 ? random.Next(0, 4) : null,
            Filter = random.Next(2) == 0 ? RandomFilter(random, 3) : null,
            Exclude = random.Next(4) == 0 ? random.Next(1, Items) : null,
        };
    }

    private static ItemFilter RandomFilter(Random random, int depth) => random.Next(depth == 0 ? 5 : 8) switch
    {
        0 => ItemFilter.In(ItemProperties.LabelField, FieldValue.Of(Labels[random.Next(Labels.Length)])),
        1 => ItemFilter.In("size", FieldValue.Of("S"), FieldValue.Of(2), FieldValue.Null, FieldValue.Of(true)),
        2 => ItemFilter.Between("price", FieldValue.Of(random.Next(50)), random.Next(2) == 0 ? null : FieldValue.Of(50 + random.Next(50)), random.Next(2) == 0, random.Next(2) == 0),
        3 => ItemFilter.Exists("price"),
        4 => ItemFilter.Ids(Enumerable.Range(0, 200).Select(_ => (long)random.Next(1, Items))),
        5 => ItemFilter.All(RandomFilter(random, depth - 1), RandomFilter(random, depth - 1)),
        6 => ItemFilter.Any(RandomFilter(random, depth - 1), RandomFilter(random, depth - 1)),
        _ => ItemFilter.Not(RandomFilter(random, depth - 1)),
    };
}
