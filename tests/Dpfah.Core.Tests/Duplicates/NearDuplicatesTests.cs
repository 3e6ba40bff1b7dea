using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Duplicates;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Tests.Indexing;

namespace Dpfah.Core.Tests.Duplicates;

public class NearDuplicatesTests
{
    [Theory]
    [InlineData(8, 2, 200)]
    [InlineData(16, 0, 600)]
    [InlineData(16, 4, 600)]
    [InlineData(32, 8, 500)]
    [InlineData(64, 0, 500)]
    [InlineData(64, 1, 500)]
    [InlineData(64, 3, 500)]
    [InlineData(64, 8, 500)]
    [InlineData(64, 16, 500)]
    [InlineData(72, 5, 700)]
    [InlineData(128, 8, 700)]
    [InlineData(256, 12, 500)]
    [InlineData(1024, 32, 200)]
    public void Groups_are_those_of_the_definition(int bits, int distance, int count)
    {
        for (int seed = 0; seed < 6; seed++)
        {
            var random = new Random(seed);
            IdentifiedCodes items = Items(bits, count, random, clusters: seed % 3 * count / 12, noise: distance / 2.0 / bits);
            (long, long)[] marks = [.. Enumerable.Range(0, seed % 2 * count / 8).Select(_ => (items.Ids[random.Next(count)], items.Ids[random.Next(count)])).Where(pair => pair.Item1 != pair.Item2)];
            ScanKernel kernel = ScanKernel.Supported[seed % ScanKernel.Supported.Count];

            AssertSame(Naive(items, distance, marks), NearDuplicates.Find(items, distance, marks, null, kernel, default));
        }
    }

    [Fact]
    public void Without_marks_groups_are_the_connected_components() => Gen.Select(Gen.ULong, Gen.Int[0, 16], Gen.Int[1, 200]).Sample(
        (seed, distance, count) =>
        {
            IdentifiedCodes items = Items(64, count, new Random((int)seed), clusters: count / 6, noise: 0.03);
            int[] component = [.. Enumerable.Range(0, count)];
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    if (items.Codes[i].HammingDistance(items.Codes[j]) <= distance)
                    {
                        (int from, int to) = (component[i], component[j]);
                        component = Array.ConvertAll(component, c => c == from ? to : c);
                    }
                }
            }

            IEnumerable<long[]> expected = Enumerable.Range(0, count).GroupBy(i => component[i], i => items.Ids[i])
                .Where(group => group.Count() > 1).Select(group => group.Order().ToArray()).OrderBy(group => group[0]);
            Assert.Equal(expected, NearDuplicates.Find(items, distance).Select(group => group.Members.Select(m => m.Id).ToArray()));
        },
        iter: 200);

    [Fact]
    public void The_order_of_the_items_does_not_matter()
    {
        var random = new Random(3);
        IdentifiedCodes items = Items(64, 500, random, 60, 0.04);
        (long, long)[] marks = [.. Enumerable.Range(0, 40).Select(i => (items.Ids[i], items.Ids[i + 200]))];
        int[] order = [.. Enumerable.Range(0, 500)];
        random.Shuffle(order);
        var shuffled = new IdentifiedCodes([.. order.Select(i => items.Ids[i])], CodeMatrix.From([.. order.Select(i => items.Codes[i])]));

        AssertSame(NearDuplicates.Find(items, 6, marks), NearDuplicates.Find(shuffled, 6, [.. marks.Reverse().Select(m => (m.Item2, m.Item1))]));
    }

    [Fact]
    public void A_marked_pair_is_never_in_one_group()
    {
        // All within 2 bits of each other; 3 is marked with 1: it leaves with what is left for it, which is nothing.
        IdentifiedCodes items = Of((1, 0b000), (2, 0b001), (3, 0b001), (4, 0b010));

        Assert.Equal([[1, 2, 4]], Ids(NearDuplicates.Find(items, 2, [(3, 1)])));
        Assert.Equal([[1, 2, 3, 4]], Ids(NearDuplicates.Find(items, 2)));

        // 3 and 4 are both kept from 1 and find each other.
        Assert.Equal([[1, 2], [3, 4]], Ids(NearDuplicates.Find(items, 2, [(1, 3), (4, 1), (7, 1)])));
        Assert.Equal([[1, 2]], Ids(NearDuplicates.Find(items, 2, [(1, 3), (4, 1), (4, 3)])));
    }

    [Fact]
    public void Members_tell_their_distance_to_the_first()
    {
        // A chain: each within 2 bits of the next, the last 6 from the first.
        DuplicateGroup group = Assert.Single(NearDuplicates.Find(Of((9, 0b111111), (5, 0b000000), (7, 0b001111), (6, 0b000011), (8, 0xFF00)), 2));

        Assert.Equal([new DuplicateMember(5, 0), new(6, 2), new(7, 4), new(9, 6)], group.Members);
    }

    [Fact]
    public void Equal_codes_and_dense_clusters_do_not_cost_a_pair_each()
    {
        // 200,000 items with one code, and 100,000 different ones that are nearly all within 8 bits of each other: 10^10 pairs.
        var random = new Random(1);
        var codes = new CodeMatrix(64, 300_000);
        for (int i = 0; i < 300_000; i++)
        {
            ulong noise = i < 200_000 ? 0 : Word(random) & Word(random) & Word(random) & Word(random);
            codes.Set(i, BinaryCode.FromWords([i < 200_000 ? ulong.MaxValue : noise], 64));
        }

        IReadOnlyList<DuplicateGroup> groups = NearDuplicates.Find(new IdentifiedCodes([.. Enumerable.Range(0, 300_000).Select(i => (long)i)], codes), 8);

        Assert.Equal(200_000, groups[0].Members.Count);
        Assert.InRange(groups[1].Members.Count, 99_000, 100_000);
    }

    [Fact]
    public void An_index_gives_its_live_items_that_pass_a_filter()
    {
        var random = new Random(8);
        var index = new HammingIndex<Item>(16, 8, new IndexTuning { TailCapacity = 64, MergesInBackground = false });
        for (int i = 0; i < 300; i++)
        {
            index.Apply([IndexChange<Item>.Put(random.Next(200), BinaryCode.FromBytes([(byte)random.Next(4), 0]), BinaryCode.FromBytes([0]), new Item("n", i % 3))]);
            index.Apply([IndexChange<Item>.Delete(random.Next(400))]);
            index.Merge();
        }

        IdentifiedCodes all = IdentifiedCodes.Of(index.Snapshot, null), some = IdentifiedCodes.Of(index.Snapshot, ItemFilter.In("label", FieldValue.Of(1)));

        IndexEntry<Item>[] entries = [.. index.Snapshot.Entries];
        Assert.Equal(entries.Select(e => (e.Id, e.Code)), all.Ids.Select((id, i) => (id, all.Codes[i])));
        Assert.Equal(entries.Where(e => e.Item.Label == 1).Select(e => (e.Id, e.Code)), some.Ids.Select((id, i) => (id, some.Codes[i])));
        Assert.InRange(some.Ids.Count, 1, all.Ids.Count - 1);
    }

    [Fact]
    public void Progress_is_told_and_it_can_be_stopped()
    {
        IdentifiedCodes items = Items(64, 10_000, new Random(0), 0, 0);
        var told = new List<int>();
        using var stop = new CancellationTokenSource();

        NearDuplicates.Find(items, 3, progress: told.Add);

        Assert.Equal([0, 4_096, 8_192, 10_000], told);
        Assert.ThrowsAny<OperationCanceledException>(() => NearDuplicates.Find(items, 3, null, done =>
        {
            if (done == 4_096)
            {
                stop.Cancel();
            }
        }, stop.Token));
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        Assert.Empty(NearDuplicates.Find(new IdentifiedCodes([], new CodeMatrix(64, 0)), 3));
        Assert.Empty(NearDuplicates.Find(Of((1, 5)), 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => NearDuplicates.Find(Of((1, 5)), 17));
        Assert.Throws<ArgumentOutOfRangeException>(() => NearDuplicates.Find(Of((1, 5)), -1));
        Assert.Throws<ArgumentException>(() => NearDuplicates.Find(Of((1, 5), (1, 6)), 3));
        Assert.Throws<ArgumentException>(() => NearDuplicates.Find(new IdentifiedCodes([1], new CodeMatrix(64, 2)), 3));
    }

    private static IdentifiedCodes Of(params (long Id, ulong Code)[] items) =>
        new([.. items.Select(item => item.Id)], CodeMatrix.From([.. items.Select(item => BinaryCode.FromWords([item.Code], 64))]));

    /// <summary>Codes around centres, of which many are equal; without clusters, codes that have nothing in common but for some copies.</summary>
    private static IdentifiedCodes Items(int bits, int count, Random random, int clusters, double noise)
    {
        byte[][] centres = [.. Enumerable.Range(0, clusters == 0 ? 1 + (count * 2 / 3) : clusters).Select(_ =>
        {
            var bytes = new byte[bits / 8];
            random.NextBytes(bytes);
            return bytes;
        })];
        BinaryCode[] codes = [.. Enumerable.Range(0, count).Select(i =>
        {
            byte[] code = [.. centres[random.Next(centres.Length)]];
            for (int bit = 0; bit < bits; bit++)
            {
                code[bit / 8] ^= (byte)(random.NextDouble() < noise ? 1 << (bit % 8) : 0);
            }

            return BinaryCode.FromBytes(code);
        })];
        long[] ids = [.. Enumerable.Range(0, count).Select(i => 1_000L * i)];
        random.Shuffle(ids);
        return new IdentifiedCodes(ids, CodeMatrix.From(codes));
    }

    /// <summary>The definition as it stands in the documentation, by comparing all with all.</summary>
    private static List<DuplicateGroup> Naive(IdentifiedCodes items, int distance, (long First, long Second)[] marks)
    {
        Dictionary<long, BinaryCode> codes = items.Ids.Select((id, i) => (id, items.Codes[i])).ToDictionary(item => item.id, item => item.Item2);
        var isMarked = marks.SelectMany(m => new[] { m, (m.Second, m.First) }).ToHashSet();
        var free = new SortedSet<long>(items.Ids);
        var groups = new List<DuplicateGroup>();
        while (free.Count > 0)
        {
            long first = free.Min;
            free.Remove(first);
            List<long> group = [first], front = [first];
            while (front.Count > 0)
            {
                var joined = new List<long>();
                foreach (long item in free.Where(item => front.Exists(f => codes[f].HammingDistance(codes[item]) <= distance)))
                {
                    if (!group.Exists(member => isMarked.Contains((member, item))))
                    {
                        group.Add(item);
                        joined.Add(item);
                    }
                }

                free.ExceptWith(joined);
                front = joined;
            }

            if (group.Count > 1)
            {
                groups.Add(new DuplicateGroup([.. group.Order().Select(item => new DuplicateMember(item, codes[item].HammingDistance(codes[first])))]));
            }
        }

        return groups;
    }

    private static IEnumerable<IEnumerable<long>> Ids(IEnumerable<DuplicateGroup> groups) => groups.Select(group => group.Members.Select(m => m.Id));

    private static void AssertSame(IReadOnlyList<DuplicateGroup> expected, IReadOnlyList<DuplicateGroup> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Members, pair.Second.Members));
    }

    private static ulong Word(Random random) => (ulong)random.NextInt64(long.MinValue, long.MaxValue);
}
